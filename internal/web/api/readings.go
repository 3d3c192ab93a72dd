package api

import (
	"context"
	"fmt"
	"math"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
)

type addReadings struct {
	Body struct {
		Readings []ReadingInput `json:"readings" minItems:"1" maxItems:"1000"`
	} `nameHint:"ReadingsInput"`
}

// ReadingInput is what a metric of a customer was on a day.
type ReadingInput struct {
	Customer string  `json:"customer" minLength:"1" maxLength:"200"`
	Metric   string  `json:"metric" minLength:"1" maxLength:"40"`
	Date     string  `json:"date" format:"date"`
	Value    float64 `json:"value" minimum:"0" maximum:"1000000000000"`
}

// maxReadings is the size of a body with as many readings as are taken at once.
const maxReadings = 512 << 10

func (a *API) readings(h huma.API) {
	on(h, a, route{ID: "add-readings", Method: http.MethodPost, Path: "/v1/readings", Scopes: []string{"readings:write"}, Tag: "customers", Max: maxReadings},
		func(ctx context.Context, by app.Actor, in *addReadings) (*done, error) {
			list := make([]app.ReadingInput, len(in.Body.Readings))
			for i, r := range in.Body.Readings {
				list[i] = app.ReadingInput{Customer: r.Customer, Metric: r.Metric, Value: int64(math.Round(r.Value * 1000))}
				if err := days(fmt.Sprintf("readings.%d.", i), map[string]day{"date": {&r.Date, &list[i].Day}}); err != nil {
					return nil, err
				}
			}
			return &done{}, a.App.AddReadings(ctx, by, list)
		})
}

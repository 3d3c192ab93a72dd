package app

import (
	"context"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/play"
	"hastaluego/internal/risk"
	"hastaluego/internal/signal"
	"hastaluego/internal/when"
)

// Reading is what a metric of a customer was on a day.
type Reading struct {
	Customer customer.ID
	Metric   string
	Day      when.Date
	Value    int64 // thousandths
}

// Risk is how a customer is rated now, or was when they left.
type Risk struct {
	ID       string // rsk_…
	Customer customer.ID
	Case     offboarding.CaseID // by which they left; empty: now
	At       time.Time
	Score    risk.Score
}

// SealedPlay is a play as it is stored: its words are in Body, sealed with the
// customer's key. Score is the rating that it was opened with.
type SealedPlay struct {
	play.Play
	Score risk.Score
	KeyID string
	Body  []byte
}

// RiskTx keeps readings, ratings and plays.
type RiskTx interface {
	// PutReadings stores readings, each of another place; what was there is
	// replaced.
	PutReadings(ctx context.Context, list ...Reading) error
	ReadingsOf(ctx context.Context, c customer.ID, since when.Date) (map[signal.Metric][]signal.Reading, error)
	// ReadingsAt returns what is stored for the customers, metrics and days.
	ReadingsAt(ctx context.Context, places ...Reading) ([]Reading, error)
	// NewestReadings are the newest days of all metrics, of anybody.
	NewestReadings(ctx context.Context) (map[signal.Metric]when.Date, error)
	// CustomersToRate returns customers that have readings and are not leaving,
	// by id.
	CustomersToRate(ctx context.Context, after customer.ID, limit int) ([]customer.ID, error)

	// PutRisk stores the rating of a customer now, or as they left by a case.
	PutRisk(ctx context.Context, r Risk) error
	DropRisk(ctx context.Context, c customer.ID) error                             // of now
	RisksOf(ctx context.Context, c customer.ID) ([]Risk, error)                    // of now, then as they left, newest first
	ListRisks(ctx context.Context, b risk.Band, limit, offset int) ([]Risk, error) // of now, most points first
	// PageRisks returns those of now of a band behind a place in that order; an
	// empty customer is the first place.
	PageRisks(ctx context.Context, b risk.Band, points int, behind customer.ID, limit int) ([]Risk, error)
	CountRisks(ctx context.Context) (map[risk.Band]int, error)

	// InsertPlay stores a new play; false if one of its kind is open.
	InsertPlay(ctx context.Context, p SealedPlay) (bool, error)
	SavePlay(ctx context.Context, p SealedPlay) error // compares Version
	FindPlay(ctx context.Context, id play.ID) (SealedPlay, error)
	PlaysOf(ctx context.Context, ids ...customer.ID) ([]SealedPlay, error) // newest first
}

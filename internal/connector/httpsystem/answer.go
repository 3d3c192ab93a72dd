package httpsystem

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"hastaluego/internal/connector/httpcall"
)

// stateOf reads the mapped fields of a successful reading.
func stateOf(a *httpcall.Answer, m State) (status string, endsAt time.Time, err error) {
	status = a.Text(m.Status)
	if status == "" {
		return "", time.Time{}, fmt.Errorf("the answer has no %s", m.Status)
	}
	switch v := a.At(m.EndsAt).(type) {
	case nil:
	case string:
		if v == "" {
			break
		}
		if endsAt, err = time.Parse(time.RFC3339, v); err != nil {
			return "", time.Time{}, fmt.Errorf("%s is no instant in RFC 3339", m.EndsAt)
		}
	case json.Number: // seconds since 1970, as many billing systems write it
		sec, err := strconv.ParseInt(v.String(), 10, 64)
		if err != nil || sec < 0 || sec > 253402300799 {
			return "", time.Time{}, fmt.Errorf("%s is no instant", m.EndsAt)
		}
		if sec > 0 {
			endsAt = time.Unix(sec, 0)
		}
	default:
		return "", time.Time{}, fmt.Errorf("%s is no instant", m.EndsAt)
	}
	if !endsAt.IsZero() {
		endsAt = endsAt.UTC()
	}
	return status, endsAt, nil
}

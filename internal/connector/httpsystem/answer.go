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
	endsAt, err = instantAt(a, m.EndsAt)
	return status, endsAt, err
}

// instantAt reads an instant: RFC 3339, or seconds since 1970, as many billing
// systems write it. Nothing, null, zero and an empty text are none.
func instantAt(a *httpcall.Answer, path string) (at time.Time, err error) {
	switch v := a.At(path).(type) {
	case nil:
		return at, nil
	case string:
		if v == "" {
			return at, nil
		}
		if at, err = time.Parse(time.RFC3339, v); err != nil {
			return time.Time{}, fmt.Errorf("%s is no instant in RFC 3339", path)
		}
		return at.UTC(), nil
	case json.Number:
		sec, err := strconv.ParseInt(v.String(), 10, 64)
		if err != nil || sec < 0 || sec > 253402300799 {
			return time.Time{}, fmt.Errorf("%s is no instant", path)
		}
		if sec > 0 {
			at = time.Unix(sec, 0).UTC()
		}
		return at, nil
	}
	return at, fmt.Errorf("%s is no instant", path)
}

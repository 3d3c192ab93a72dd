package outbound_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"hastaluego/internal/outbound"
	"hastaluego/internal/when"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

func call(t *testing.T, o outbound.Options, method, to string) (outbound.Answer, *outbound.Failure) {
	t.Helper()
	o.Timeout = 10 * time.Second
	req, err := http.NewRequestWithContext(t.Context(), method, to, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	return outbound.New(o).Do(req, when.Machine{}.Wall)
}

func TestOnlyTheAddressesThatTheOperatorNamedAreReachedInThere(t *testing.T) {
	t.Parallel()
	calls := make(chan string, 10)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { calls <- r.Method; w.WriteHeader(202) }))
	defer srv.Close()
	port := srv.URL[strings.LastIndex(srv.URL, ":"):]
	for _, reuse := range []bool{true, false} {
		for _, to := range []string{srv.URL, "http://localhost" + port, "https://localhost" + port, "http://[::ffff:127.0.0.1]" + port} {
			_, failed := call(t, outbound.Options{Limit: 10, Reuse: reuse}, "POST", to)
			if failed == nil || !failed.Forbidden || failed.Sent {
				t.Errorf("%s: %+v", to, failed)
			}
		}
		if ans, failed := call(t, outbound.Options{Allow: loopback, Limit: 10, Reuse: reuse}, "POST", srv.URL); failed != nil || ans.Status != 202 {
			t.Errorf("%+v %v", ans, failed)
		}
	}
	if len(calls) != 2 {
		t.Errorf("%d calls arrived", len(calls))
	}
}

func TestAPublicAddressIsNotCalledWithoutTLS(t *testing.T) {
	t.Parallel()
	_, failed := call(t, outbound.Options{Allow: loopback, Limit: 10}, "POST", "http://192.88.0.1/hook")
	if failed == nil || !failed.Forbidden {
		t.Errorf("%+v", failed)
	}
}

func TestACallWaitsForItsTurnAndIsNotSentWhereItsTimeIsOverBefore(t *testing.T) {
	t.Parallel()
	var arrived atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { arrived.Add(1); w.WriteHeader(200) }))
	defer srv.Close()
	pace := rate.NewLimiter(rate.Every(time.Hour), 1)
	o := outbound.Options{Allow: loopback, Limit: 10, Timeout: 10 * time.Second, Pace: pace}
	reader, writer := outbound.New(o), outbound.New(o)
	req, err := http.NewRequestWithContext(t.Context(), "GET", srv.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	if ans, failed := reader.Do(req, when.Machine{}.Wall); failed != nil || ans.Status != 200 {
		t.Errorf("the first: %+v %v", ans, failed)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // the next turn is in an hour
	defer cancel()
	if _, failed := writer.Do(req.WithContext(ctx), when.Machine{}.Wall); failed == nil || !failed.Late || failed.Sent {
		t.Errorf("the second: %+v", failed)
	}
	if arrived.Load() != 1 {
		t.Errorf("%d calls arrived", arrived.Load())
	}
}

func TestAnAnswerHasItsBoundsAndSaysWhenToComeBack(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", r.URL.Query().Get("after"))
		w.WriteHeader(503)
		_, _ = w.Write([]byte("0123456789"))
	}))
	defer srv.Close()
	for _, c := range []struct {
		limit int64
		after string
		whole bool
		wait  time.Duration
		named bool
	}{
		{10, "", true, 0, false},
		{9, "3", false, 3 * time.Second, true},
		{10, "999999999", true, 24 * time.Hour, true},
		{10, "-1", true, 0, true},
		{10, "Fri,+31+Dec+1999+23:59:59+GMT", true, 0, true},
		{10, "soon", true, 0, false},
	} {
		ans, failed := call(t, outbound.Options{Allow: loopback, Limit: c.limit}, "GET", srv.URL+"?after="+c.after)
		if failed != nil || ans.Status != 503 || (ans.Err == nil) != c.whole || (ans.Body != nil) != c.whole || ans.RetryAfter != c.wait || ans.Named != c.named {
			t.Errorf("%+v: %+v %v", c, ans, failed)
		}
	}
}

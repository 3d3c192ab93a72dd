package engine_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// An act counts as asked for when the far system can have heard all of it, in
// however many pieces the process says it: net/http writes the head of a request of
// Stripe's library, its body and its end one after another. A life has the same
// moments however they come.
func TestAnActIsAskedForWhenAllOfItIsOnItsWay(t *testing.T) {
	t.Parallel()
	head := "POST /v1/subscriptions/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
	for _, pieces := range [][]string{{head + "2\r\nhi\r\n0\r\n\r\n"}, {head, "2\r\nhi\r\n", "0\r\n\r\n"}, {head[:20], head[20:] + "2\r\nh", "i\r\n0\r\n\r", "\n"}} {
		for dies, want := range [][]string{
			{"stripe, before it is asked", "stripe, half asked", "stripe, before its answer is heard"},
			{"stripe, before it is asked"},
			{"stripe, before it is asked", "stripe, half asked"},
			{"stripe, before it is asked", "stripe, half asked", "stripe, before its answer is heard"},
		} {
			t.Run(fmt.Sprintf("%d pieces, dead of %d", len(pieces), dies), func(t *testing.T) {
				t.Parallel()
				var heard atomic.Int64
				far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if raw, err := io.ReadAll(r.Body); err == nil && string(raw) == "hi" {
						heard.Add(1)
					}
					_, _ = io.WriteString(w, "one")
					_ = http.NewResponseController(w).Flush() // an answer in pieces is one answer
					time.Sleep(10 * time.Millisecond)
					_, _ = io.WriteString(w, "another")
				}))
				l, journal := &life{dies: death{N: dies}}, filepath.Join(t.TempDir(), "journal")
				w, err := stretch(l, "stripe", host(t, far.URL), speeches["stripe"], journal)
				good(t, err)
				process, err := net.Dial("tcp", w.Addr().String())
				good(t, err)
				for _, p := range pieces {
					if _, err := io.WriteString(process, p); err != nil {
						break // it is dead
					}
					time.Sleep(10 * time.Millisecond)
				}
				good(t, process.SetReadDeadline(time.Now().Add(10*time.Second)))
				answer := ""
				for buf := make([]byte, 1000); !strings.Contains(answer, "another"); {
					n, err := process.Read(buf)
					answer += string(buf[:n])
					if err != nil {
						break
					}
				}
				w.cut()
				far.Close() // and with it all that it hears
				noted, err := os.ReadFile(journal)
				if err != nil && !os.IsNotExist(err) {
					t.Fatal(err)
				}
				asked := 0
				if dies == 0 || dies == 3 {
					asked = 1
				}
				if n := strings.Count(string(noted), "\n"); n != asked || int(heard.Load()) != asked || !slices.Equal(l.moments, want) {
					t.Errorf("noted %d times, heard %d times, moments %q", n, heard.Load(), l.moments)
				}
				if strings.Contains(answer, "another") != (dies == 0) {
					t.Errorf("it was answered %q", answer)
				}
			})
		}
	}
}

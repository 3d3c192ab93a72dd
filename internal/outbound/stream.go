package outbound

import (
	"context"
	"io"
	"net/http"
	"time"
)

// Stream is an answer whose body is read bit by bit, however large it is. Whoever
// has one closes it.
type Stream struct {
	Status int
	Header http.Header
	Body   io.ReadCloser
}

// Open sends the request once. Where the answer is a success its body is the
// Stream's, and the time of the client bounds how long each part of it may take;
// otherwise the Stream is nil and the Answer is as Do gives it.
func (c *Client) Open(req *http.Request, wall func() time.Time) (*Stream, Answer, *Failure) {
	if failed := c.turn(req); failed != nil {
		return nil, Answer{}, failed
	}
	ctx, cancel := context.WithCancel(req.Context())
	timer := time.AfterFunc(c.o.Timeout, cancel)
	res, failed := c.send(ctx, req)
	if failed != nil {
		timer.Stop()
		cancel()
		return nil, Answer{}, failed
	}
	if res.StatusCode != http.StatusOK && res.StatusCode != http.StatusPartialContent {
		defer func() { timer.Stop(); _ = res.Body.Close(); cancel() }()
		return nil, c.read(res, wall), nil
	}
	timer.Stop()
	return &Stream{Status: res.StatusCode, Header: res.Header, Body: &parts{res.Body, timer, c.o.Timeout, cancel}}, Answer{}, nil
}

// parts is a body of which no part may take longer than a call. How long whoever
// reads it takes between two parts is not counted.
type parts struct {
	io.ReadCloser
	timer  *time.Timer
	most   time.Duration
	cancel context.CancelFunc
}

func (p *parts) Read(b []byte) (int, error) {
	p.timer.Reset(p.most)
	defer p.timer.Stop()
	return p.ReadCloser.Read(b)
}

func (p *parts) Close() error {
	p.timer.Stop()
	err := p.ReadCloser.Close()
	p.cancel()
	return err
}

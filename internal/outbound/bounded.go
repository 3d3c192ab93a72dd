package outbound

import (
	"net"
	"sync/atomic"
)

// Bounded is a connection on which the far end may say so many bytes and no more:
// libraries of protocols would read all that they are told is coming.
type Bounded struct {
	net.Conn
	limit, left int64
	over        atomic.Bool
}

// Bound bounds what is read of a connection.
func Bound(c net.Conn, limit int64) *Bounded { return &Bounded{Conn: c, limit: limit, left: limit} }

func (b *Bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		b.over.Store(true)
		return 0, TooLongError{b.limit}
	}
	n, err := b.Conn.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// Over is the fault of whoever said more than is read; nil if nobody did.
func (b *Bounded) Over() error {
	if !b.over.Load() {
		return nil
	}
	return TooLongError{b.limit}
}

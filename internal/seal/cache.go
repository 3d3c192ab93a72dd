package seal

import (
	"crypto/cipher"
	"sync"
	"time"
)

// Memory is how long a process remembers a key at most, and so how long a key
// that another process destroyed may still be used.
const Memory = 30 * time.Second

// cacheSize bounds how many keys are remembered (about 1 kB each).
const cacheSize = 16_384

type subjectClass struct{ subject, class string }

// cache remembers keys for at most Memory. It is emptied as a whole: which key
// was used when is nothing to keep.
type cache struct {
	mu     sync.Mutex
	keys   map[string]cipher.AEAD
	ids    map[subjectClass]string
	n      uint64 // epoch: goes up with everything forgotten
	timer  *time.Timer
	closed bool
}

func newCache() *cache {
	return &cache{keys: make(map[string]cipher.AEAD), ids: make(map[subjectClass]string)}
}

// epoch is taken before a row is read and given back with what was read: if
// anything was forgotten in between, it is not remembered.
func (c *cache) epoch() uint64 { c.mu.Lock(); defer c.mu.Unlock(); return c.n }

func (c *cache) key(id string) (cipher.AEAD, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	g, ok := c.keys[id]
	return g, ok
}

func (c *cache) id(name subjectClass) (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id, ok := c.ids[name]
	return id, ok
}

func (c *cache) putKey(epoch uint64, id string, g cipher.AEAD) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.room(epoch) {
		c.keys[id] = g
	}
}

func (c *cache) putID(epoch uint64, name subjectClass, id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.room(epoch) {
		c.ids[name] = id
	}
}

// room reports whether something may be remembered, and sees to it that it is
// forgotten again.
func (c *cache) room(epoch uint64) bool {
	if c.closed || epoch != c.n {
		return false
	}
	if len(c.keys) >= cacheSize || len(c.ids) >= cacheSize {
		clear(c.keys)
		clear(c.ids)
	}
	if c.timer == nil {
		c.timer = time.AfterFunc(Memory, c.forget)
	}
	return true
}

func (c *cache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	clear(c.keys)
	clear(c.ids)
	c.timer = nil
}

func (c *cache) evict(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	delete(c.keys, id)
	for name, x := range c.ids {
		if x == id {
			delete(c.ids, name)
		}
	}
}

func (c *cache) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	if c.timer != nil {
		c.timer.Stop()
	}
	c.n++
	clear(c.keys)
	clear(c.ids)
}

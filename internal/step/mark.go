package step

import (
	"context"

	"hastaluego/internal/connector"
)

// Marked is the system with probes that bear the mark of the credential that was
// tried with, and the credential itself no longer: the same one has the same mark.
func Marked(sys connector.System, mark func(credential string) string) connector.System {
	put := func(p connector.Probe) connector.Probe {
		if p.With != nil {
			p.Mark, p.With = mark(p.With()), nil
		}
		return p
	}
	if sys.Prober != nil {
		sys.Prober = markedProber{sys.Prober, put}
	}
	if sys.Writes != nil {
		sys.Writes = markedWrites{sys.Writes, put}
	}
	return sys
}

type markedProber struct {
	connector.Prober
	put func(connector.Probe) connector.Probe
}

func (m markedProber) ProbeAccess(ctx context.Context, account string) (connector.Probe, error) {
	p, err := m.Prober.ProbeAccess(ctx, account)
	return m.put(p), err
}

type markedWrites struct {
	connector.WriteProber
	put func(connector.Probe) connector.Probe
}

func (m markedWrites) ProbeWrite(ctx context.Context, account string) (connector.Probe, error) {
	p, err := m.WriteProber.ProbeWrite(ctx, account)
	return m.put(p), err
}

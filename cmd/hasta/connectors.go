package main

import (
	"os"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/httpsystem"
	"hastaluego/internal/fault"
	"hastaluego/internal/step"
	"hastaluego/internal/when"
)

// connect opens every system that the file declares. A new connector is a
// folder below internal/connector and a line here.
func connect(file string, clock when.Clock) (step.Systems, error) {
	if file == "" {
		return step.Named(), nil
	}
	src, err := os.ReadFile(file)
	if err != nil {
		return nil, fault.New(fault.Invalid, "file.unreadable", "file", file).At("systems", err)
	}
	configs, err := httpsystem.LoadSystems(file, src)
	if err != nil {
		return nil, err
	}
	systems := make([]connector.System, len(configs))
	for i, c := range configs {
		s, err := httpsystem.New(c, clock)
		if err != nil {
			return nil, err
		}
		systems[i] = s.Connector()
	}
	return step.Named(systems...), nil
}

package main

import (
	"os"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/httpsystem"
	"hastaluego/internal/fault"
	"hastaluego/internal/playbook"
	"hastaluego/internal/when"
)

// declared reads what the file declares, without connecting anything.
func declared(file string) ([]httpsystem.Config, error) {
	if file == "" {
		return nil, nil
	}
	src, err := os.ReadFile(file)
	if err != nil {
		return nil, fault.New(fault.Invalid, "file.unreadable", "file", file).At("systems", err)
	}
	return httpsystem.LoadSystems(file, src)
}

// connect opens every system that is declared. A new connector is a folder
// below internal/connector and a line here.
func connect(configs []httpsystem.Config, clock when.Clock) ([]connector.System, error) {
	systems := make([]connector.System, len(configs))
	for i, c := range configs {
		s, err := httpsystem.New(c, clock)
		if err != nil {
			return nil, err
		}
		systems[i] = s.Connector()
	}
	return systems, nil
}

// connected tells playbooks what the declared systems can do.
func connected(configs []httpsystem.Config) playbook.Connected {
	out := make(playbook.Connected, len(configs))
	for _, c := range configs {
		can, actions := c.Can()
		out[c.System] = playbook.SystemSpec{Can: can, Actions: actions}
	}
	return out
}

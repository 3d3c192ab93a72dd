package main

import (
	"cmp"
	"os"
	"slices"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/connector/foldersystem"
	"hastaluego/internal/connector/httpsystem"
	"hastaluego/internal/connector/iamsystem"
	"hastaluego/internal/connector/ldapsystem"
	"hastaluego/internal/connector/oauthsystem"
	"hastaluego/internal/connector/pgsystem"
	"hastaluego/internal/connector/processorsystem"
	"hastaluego/internal/connector/s3system"
	"hastaluego/internal/connector/scimsystem"
	"hastaluego/internal/connector/sqlitesystem"
	"hastaluego/internal/connector/stripesystem"
	"hastaluego/internal/fault"
	"hastaluego/internal/playbook"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// connectors are the kinds of far system. A new one is a folder below
// internal/connector and a line here.
func connectors() []declaration.Kind {
	return append(httpsystem.Kinds(), foldersystem.Kind(), iamsystem.Kind(), ldapsystem.Kind(), oauthsystem.Kind(), pgsystem.Kind(), processorsystem.Kind(), s3system.Kind(), scimsystem.Kind(), sqlitesystem.Kind(), stripesystem.Kind())
}

// declared reads what the file declares, without connecting anything.
func declared(file string) ([]declaration.Declared, error) {
	if file == "" {
		return nil, nil
	}
	src, err := os.ReadFile(file)
	if err != nil {
		return nil, fault.New(fault.Invalid, "file.unreadable", "file", file).At("systems", err)
	}
	return declaration.Load(file, src, connectors()...)
}

// connect opens every system that is declared.
func connect(all []declaration.Declared, clock when.Clock, vault declaration.Vault) ([]connector.System, error) {
	systems := make([]connector.System, len(all))
	for i, d := range all {
		s, err := d.Open(clock, vault)
		if err != nil {
			return nil, err
		}
		systems[i] = s.Connector()
		systems[i].Titles = titled(d)
	}
	return systems, nil
}

// plain is what a customer is told that a system is which nobody gave a title, by its
// connector: the names in systems.yaml are for whoever writes them.
var plain = map[string]string{
	pgsystem.KindName: "database", sqlitesystem.KindName: "database", s3system.KindName: "files", foldersystem.KindName: "files", ldapsystem.KindName: "directory",
	scimsystem.KindName: "accounts", iamsystem.KindName: "accounts", oauthsystem.KindName: "accounts", stripesystem.KindName: "billing",
}

// titled is what customers are told that a system is, by language.
func titled(d declaration.Declared) map[string]string {
	if titles := d.Titles(); len(titles) > 0 {
		return titles
	}
	word := plain[d.Info().Kind]
	if can, _ := d.Can(); word == "" && slices.Contains(can, connector.CanBilling) {
		word = "billing"
	}
	out := map[string]string{}
	for _, lang := range text.CustomerLangs() {
		out[lang] = text.Say(lang, "system.plain."+cmp.Or(word, "other"))
	}
	return out
}

// connected tells playbooks what the declared systems can do.
func connected(all []declaration.Declared) playbook.Connected {
	out := make(playbook.Connected, len(all))
	for _, d := range all {
		can, actions := d.Can()
		info := d.Info()
		spec := playbook.SystemSpec{Can: can, Actions: actions, Level: string(info.Level), Closing: string(info.Undo), Undo: undoing(d, actions)}
		if narrows, ok := d.(declaration.Narrowing); ok {
			spec.Narrowing = string(narrows.NarrowInfo().Undo)
		}
		out[d.Name()] = spec
	}
	return out
}

// undoing is what taking each of the actions back brings back.
func undoing(d declaration.Declared, actions []string) map[string]playbook.Undoing {
	acting, ok := d.(declaration.Acting)
	if !ok {
		return nil
	}
	out := make(map[string]playbook.Undoing, len(actions))
	for _, name := range actions {
		if info, known := acting.ActionInfo(name); known {
			out[name] = playbook.Undoing{Class: string(info.Undo), Loses: string(info.Loses)}
		}
	}
	return out
}

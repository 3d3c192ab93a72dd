package app

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/company"
	"hastaluego/internal/fault"
	"hastaluego/internal/when"
)

// Company is the business that this installation belongs to, as it is now: the
// newest profile, else as the server was started.
type Company struct {
	Name       string
	LegalName  string
	Address    string
	Phone      string
	Email      string
	Complaints string // e-mail address
	Signer     string // who signs letters
	Language   string
	Country    string
	Currency   string
	Zone       *time.Location
	PublicURL  string // https://bajas.faro.example, no slash at the end
	// SenderName and SenderAddress are whom letters come from; empty: as the mail
	// system was configured.
	SenderName, SenderAddress string
	Signature                 map[string]string // under letters, by language
	Links                     company.Links
	Colour                    string // #rrggbb; empty: ours
	Logo                      *company.Logo
	Version                   int      // of the profile; 0: as the server was started
	Playbook                  string   // built-in one of new departures; empty: as the server was started
	Reasons                   []string // that customers are asked for; none: all
	Pack                      string   // id of the pack of rules that is the company's own; empty: that of its country
	Costs                     company.Costs
	// Words are the company's own, by language and key of the catalogue.
	Words        map[string]map[string]string
	WordsVersion int
}

// Profile is what of the company can be changed.
func (c Company) Profile() company.Profile {
	p := company.Profile{
		Name: c.Name, LegalName: c.LegalName, Address: c.Address, Phone: c.Phone, Email: c.Email, Complaints: c.Complaints, Signer: c.Signer,
		SenderName: c.SenderName, SenderAddress: c.SenderAddress, Signature: c.Signature, Links: c.Links, Colour: c.Colour, Country: c.Country,
		Currency: c.Currency, Language: c.Language, Playbook: c.Playbook, Reasons: c.Reasons, Pack: c.Pack, Costs: c.Costs,
	}
	if c.Zone != nil {
		p.Zone = c.Zone.String()
	}
	if c.Logo != nil {
		p.Logo = c.Logo.Digest
	}
	return p
}

// as is the company with a profile over how the server was started.
func (c Company) as(v CompanyVersion, logo *company.Logo) (Company, error) {
	p := v.Profile
	zone, err := when.Zone(p.Zone)
	if err != nil {
		return c, fault.Wrap("app.company", err)
	}
	return Company{
		Name: p.Name, LegalName: cmp.Or(p.LegalName, p.Name), Address: p.Address, Phone: p.Phone, Email: p.Email,
		Complaints: cmp.Or(p.Complaints, p.Email), Signer: cmp.Or(p.Signer, p.Name), Language: p.Language, Country: p.Country, Currency: p.Currency,
		Zone: zone, PublicURL: cmp.Or(p.PublicURL, c.PublicURL), SenderName: p.SenderName, SenderAddress: p.SenderAddress, Signature: p.Signature,
		Links: p.Links, Colour: p.Colour, Logo: logo, Version: v.Version, Playbook: p.Playbook, Reasons: p.Reasons, Pack: company.PackOf(p.Pack), Costs: p.Costs,
	}, nil
}

// CompanyVersion is a profile with who made it, and when.
type CompanyVersion struct {
	Version int
	Profile company.Profile
	At      time.Time
	By      string // user id, key id or system
}

// CompanyTx keeps the versions of the profile.
type CompanyTx interface {
	CompanyHead(ctx context.Context) (profile, words int, err error)          // 0: none
	CompanyVersions(ctx context.Context, limit int) ([]CompanyVersion, error) // newest first
	PutCompany(ctx context.Context, v CompanyVersion) error                   // fault.Conflict where the version is taken
	PutLogo(ctx context.Context, l company.Logo) error                        // again changes nothing
	FindLogo(ctx context.Context, digest string) (company.Logo, error)        // fault.NotFound
	PutOwnWord(ctx context.Context, w OwnWord) error                          // fault.Conflict where the version is taken
	OwnWords(ctx context.Context) ([]OwnWord, error)                          // the newest of each, but for those that are ours again
	// OwnWordVersions returns those of a code, and of its plural forms, newest first.
	OwnWordVersions(ctx context.Context, code string, limit int) ([]OwnWord, error)
}

// Company returns the company as it is now.
func (a *App) Company() Company { return *a.company.Load() }

// Refresh reads the profile again where somebody, perhaps another node, changed
// it. It is cheap where nobody did.
func (a *App) Refresh(ctx context.Context) error {
	return a.store.View(ctx, func(tx Tx) error { return a.refresh(ctx, tx) })
}

func (a *App) refresh(ctx context.Context, tx Tx) error {
	profile, words, err := tx.CompanyHead(ctx)
	was := a.Company()
	if err != nil || profile == was.Version && words == was.WordsVersion {
		return err
	}
	is := was
	if profile != was.Version {
		if is, err = a.newest(ctx, tx); err != nil {
			return err
		}
	}
	if is.Words, err = ownWords(ctx, tx); err != nil {
		return err
	}
	is.WordsVersion = words
	a.company.Store(&is)
	if was.Zone == nil || was.Zone.String() != is.Zone.String() {
		a.figured.forget()
	}
	return nil
}

// profile is the newest one as it was written down, else how the server was
// started.
func (a *App) profile(ctx context.Context, tx Tx) (company.Profile, error) {
	list, err := tx.CompanyVersions(ctx, 1)
	if err != nil || len(list) == 0 {
		return a.start.Profile(), err
	}
	return list[0].Profile, nil
}

// newest is the company with its newest profile.
func (a *App) newest(ctx context.Context, tx Tx) (Company, error) {
	list, err := tx.CompanyVersions(ctx, 1)
	if err != nil || len(list) == 0 {
		return a.start, err
	}
	var logo *company.Logo
	if digest := list[0].Profile.Logo; digest != "" {
		l, err := tx.FindLogo(ctx, digest)
		if err != nil {
			return Company{}, err
		}
		logo = &l
	}
	return a.start.as(list[0], logo)
}

// Logo returns a logo that the company has, or had.
func (a *App) Logo(ctx context.Context, digest string) (l company.Logo, err error) {
	if now := a.Company().Logo; now != nil && now.Digest == digest {
		return *now, nil
	}
	err = a.store.View(ctx, func(tx Tx) error { l, err = tx.FindLogo(ctx, digest); return err })
	return l, err
}

// CompanyPage is the profile with what is known of its past.
type CompanyPage struct {
	Profile  company.Profile
	Version  int // 0: as the server was started
	Start    Company
	Logo     *company.Logo
	Versions []VersionView // newest first
}

// VersionView is a version with who made it and what it changed.
type VersionView struct {
	CompanyVersion
	Name    string   // of who made it; empty: not a person
	Changed []string // fields
}

// shownVersions is how many versions a page shows.
const shownVersions = 20

// OpenCompany reads the profile.
func (a *App) OpenCompany(ctx context.Context, by Actor) (p CompanyPage, err error) {
	if err := by.CanRead("company"); err != nil {
		return p, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		if err := a.refresh(ctx, tx); err != nil {
			return err
		}
		c := a.Company()
		p = CompanyPage{Profile: c.Profile(), Version: c.Version, Start: a.start, Logo: c.Logo}
		list, err := tx.CompanyVersions(ctx, shownVersions+1)
		if err != nil {
			return err
		}
		users, _, err := people(ctx, tx)
		if err != nil {
			return err
		}
		for i, v := range list {
			if v.Version == p.Version {
				p.Profile = v.Profile
			}
			if i == shownVersions {
				break
			}
			was := a.start.Profile()
			if i+1 < len(list) {
				was = list[i+1].Profile
			}
			p.Versions = append(p.Versions, VersionView{v, users[v.By], company.Changed(was, v.Profile)})
		}
		return nil
	})
	return p, err
}

// CompanyInput is a profile as somebody wants it.
type CompanyInput struct {
	Profile company.Profile
	Version int    // that it was read at; below 0: whichever it is now
	Logo    []byte // a new one; nil: as it was
	NoLogo  bool   // take it away
}

// SetCompany makes a new version of the profile and returns it. Where nothing
// differs none is made.
func (a *App) SetCompany(ctx context.Context, by Actor, in CompanyInput) (version int, err error) {
	if err := by.may("company"); err != nil {
		return 0, err
	}
	p, wrong := in.Profile.Check()
	list := append(slices.Clone(fault.Fields(wrong)), a.CheckChoices(p)...)
	var logo *company.Logo
	if in.Logo != nil {
		l, err := company.ReadLogo(in.Logo)
		if err != nil {
			list = append(list, fault.Fields(err)...)
		}
		logo = &l
	}
	if len(list) > 0 {
		return 0, fault.List(list)
	}
	err = a.tx(ctx, func(tx Tx) error { version, err = a.setCompany(ctx, tx, by, p, logo, in); return err })
	if err != nil {
		return 0, err
	}
	return version, a.Refresh(ctx)
}

func (a *App) setCompany(ctx context.Context, tx Tx, by Actor, p company.Profile, logo *company.Logo, in CompanyInput) (int, error) {
	last, err := tx.CompanyVersions(ctx, 1)
	if err != nil {
		return 0, err
	}
	was, head := a.start.Profile(), 0
	if len(last) > 0 {
		was, head = last[0].Profile, last[0].Version
	}
	if in.Version >= 0 && in.Version != head {
		return 0, fault.New(fault.Conflict, "company.changed_meanwhile")
	}
	switch {
	case logo != nil:
		p.Logo = logo.Digest
		if err := tx.PutLogo(ctx, *logo); err != nil {
			return 0, err
		}
	case in.NoLogo:
		p.Logo = ""
	default:
		p.Logo = was.Logo
	}
	changed := company.Changed(was, p)
	if len(changed) == 0 && head > 0 {
		return head, nil
	}
	v := CompanyVersion{Version: head + 1, Profile: p, At: tx.Now(), By: actorOr(by.ID)}
	if err := tx.PutCompany(ctx, v); err != nil {
		return 0, err
	}
	if slices.Contains(changed, "costs") {
		if err := a.worthSoon(ctx, tx); err != nil {
			return 0, err
		}
	}
	return v.Version, a.record(ctx, tx, fact{"company.changed", v.By, "", house, map[string]any{"version": v.Version, "fields": strings.Join(changed, ", ")}})
}

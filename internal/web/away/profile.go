package away

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/company"
	"hastaluego/internal/fault"
	"hastaluego/internal/when"
)

// Profile is who the company is to its customers, as a file that is there while
// the database is not. Nothing in it is secret.
type Profile struct {
	Name       string                       `json:"name"`
	LegalName  string                       `json:"legal_name"`
	Address    string                       `json:"address,omitempty"`
	Phone      string                       `json:"phone,omitempty"`
	Email      string                       `json:"email"`
	Complaints string                       `json:"complaints,omitempty"`
	Language   string                       `json:"language"`
	Zone       string                       `json:"zone"`
	PublicURL  string                       `json:"public_url"`
	Colour     string                       `json:"colour,omitempty"`
	Links      company.Links                `json:"links"`
	Logo       *company.Logo                `json:"logo,omitempty"`
	Words      map[string]map[string]string `json:"words,omitempty"`
	Forms      Forms                        `json:"forms"`
}

// ProfileOf is the part of a company that pages for customers need, with the
// forms of its flow.
func ProfileOf(c app.Company, forms Forms) Profile {
	zone := "UTC"
	if c.Zone != nil {
		zone = c.Zone.String()
	}
	return Profile{
		Name: c.Name, LegalName: c.LegalName, Address: c.Address, Phone: c.Phone, Email: c.Email, Complaints: c.Complaints, Language: c.Language,
		Zone: zone, PublicURL: c.PublicURL, Colour: c.Colour, Links: c.Links, Logo: c.Logo, Words: c.Words, Forms: forms,
	}
}

// Company is the company that a profile is of.
func (p Profile) Company() (app.Company, error) {
	zone, err := when.Zone(p.Zone)
	if err != nil {
		return app.Company{}, fault.Wrap("away.Company", err)
	}
	return app.Company{
		Name: p.Name, LegalName: p.LegalName, Address: p.Address, Phone: p.Phone, Email: p.Email, Complaints: p.Complaints, Language: p.Language,
		Zone: zone, PublicURL: p.PublicURL, Colour: p.Colour, Links: p.Links, Logo: p.Logo, Words: p.Words,
	}, nil
}

// profileFile is where it lies in the folder of a spool.
const profileFile = "company.json"

// SaveProfile writes the profile into the folder of a spool, where it is not
// that one already.
func SaveProfile(dir string, p Profile) error {
	raw, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return fault.Wrap("away.SaveProfile", err)
	}
	path := filepath.Join(dir, profileFile)
	if old, err := os.ReadFile(path); err == nil && string(old) == string(raw) {
		return nil
	}
	tmp := path + ".new"
	if err := os.WriteFile(tmp, raw, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

// LoadProfile reads the profile in the folder of a spool, and when it was
// written; fs.ErrNotExist where the server never wrote one.
func LoadProfile(dir string) (p Profile, at time.Time, err error) {
	path := filepath.Join(dir, profileFile)
	raw, err := os.ReadFile(path)
	if err != nil {
		return p, at, err
	}
	var info fs.FileInfo
	if info, err = os.Stat(path); err != nil {
		return p, at, err
	}
	if err := json.Unmarshal(raw, &p); err != nil {
		return p, at, fault.New(fault.Invalid, "file.unreadable", "file", path).At("away.LoadProfile", err)
	}
	return p, info.ModTime(), nil
}

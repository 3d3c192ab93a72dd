package reason

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"hastaluego/internal/source"
)

// Languages that every label must have.
var Languages = []string{"es", "en"}

// FollowLanguages that every question has: customers read it.
var FollowLanguages = []string{"es", "en", "de", "fr"}

type taxonomyFile struct {
	Taxonomy string       `yaml:"taxonomy"`
	Reasons  []reasonFile `yaml:"reasons"`
}

type reasonFile struct {
	Code         string            `yaml:"code"`
	Label        map[string]string `yaml:"label"`
	Attribution  Attribution       `yaml:"attribution"`
	Controllable *bool             `yaml:"controllable"`
	Billing      string            `yaml:"billing"`
	BadService   *bool             `yaml:"bad_service"`
	Quiet        *bool             `yaml:"quiet"`
	Was          []string          `yaml:"was"`
	Follow       map[string]string `yaml:"follow"`
	Rival        *bool             `yaml:"rival"`
	Sub          []reasonFile      `yaml:"sub"`
}

var ident = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// Load reads and checks a taxonomy. A reason below another takes from it what
// it does not say itself. Every problem is reported as a fault.List, each with
// its file:line:column as the argument "at" and as its field.
func Load(name string, src []byte) (*Taxonomy, error) {
	var in taxonomyFile
	f, err := source.Decode(name, src, &in)
	if err != nil {
		return nil, err
	}
	if !ident.MatchString(in.Taxonomy) {
		f.At("$.taxonomy", "file.name", "value", in.Taxonomy)
	}
	if len(in.Reasons) == 0 {
		f.At("$.reasons", "file.empty_list")
	}
	sum := sha256.Sum256(src)
	t := &Taxonomy{version: in.Taxonomy + "@" + hex.EncodeToString(sum[:])[:12]}
	for i, x := range in.Reasons {
		at := fmt.Sprintf("$.reasons[%d]", i)
		top := t.add(f, at, x, Reason{Family: x.Code})
		for j, sub := range x.Sub {
			at := fmt.Sprintf("%s.sub[%d]", at, j)
			if len(sub.Sub) > 0 {
				f.At(at+".sub", "reason.deep")
			}
			t.add(f, at, sub, top)
		}
	}
	for i, r := range t.Reasons {
		t.Reasons[i].Edition = t.edition(r)
	}
	for i, r := range t.Reasons {
		top, _ := t.Find(r.Family)
		t.Reasons[i].FamilyEdition = top.Edition
	}
	for _, r := range t.Reasons {
		for _, was := range r.Was {
			if _, now := t.InEdition(was); now || !edition.MatchString(was) || t.Same(was) != r.Edition {
				f.At("$.reasons", "reason.was", "code", r.Code, "value", was)
			}
		}
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	return t, nil
}

var edition = regexp.MustCompile(`^[0-9a-f]{12}$`)

// edition is what a reason means, in 12 hex digits: its code and its words, and
// the codes between which whoever chose it had to choose. It is not changed by
// what others are worded like, nor by who could have done something about it.
func (t *Taxonomy) edition(r Reason) string {
	var beside []string
	for _, x := range t.Reasons {
		if x.Top() == r.Top() && (r.Top() || x.Family == r.Family) {
			beside = append(beside, x.Code)
		}
	}
	slices.Sort(beside)
	h := sha256.New()
	for _, s := range append([]string{r.Code, r.Family, r.Label["es"], r.Label["en"]}, beside...) {
		fmt.Fprintf(h, "%d:%s", len(s), s)
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

// add checks a reason and adds it; from is the one that it refines.
func (t *Taxonomy) add(f *source.File, at string, x reasonFile, from Reason) Reason {
	if !ident.MatchString(x.Code) {
		f.At(at+".code", "file.name", "value", x.Code)
	} else if _, twice := t.Find(x.Code); twice {
		f.At(at+".code", "file.twice", "value", x.Code)
	}
	for _, l := range Languages {
		if strings.TrimSpace(x.Label[l]) == "" {
			f.At(at+".label", "file.language_missing", "language", l)
		}
	}
	r := Reason{
		Code: x.Code, Family: from.Family, Label: x.Label, Attribution: cmp.Or(x.Attribution, from.Attribution),
		Controllable: or(x.Controllable, from.Controllable), Billing: cmp.Or(x.Billing, from.Billing), BadService: or(x.BadService, from.BadService),
		Quiet: or(x.Quiet, from.Quiet), Was: x.Was, Follow: from.Follow, Rival: or(x.Rival, from.Rival),
	}
	if len(x.Follow) > 0 {
		r.Follow = x.Follow
		for _, l := range FollowLanguages {
			if strings.TrimSpace(x.Follow[l]) == "" {
				f.At(at+".follow", "file.language_missing", "language", l)
			}
		}
	}
	if !slices.Contains(Attributions, r.Attribution) {
		f.At(at+".attribution", "file.not_one_of", "value", string(r.Attribution), "known", join(Attributions))
	}
	if !slices.Contains(BillingCodes, r.Billing) {
		f.At(at+".billing", "file.not_one_of", "value", r.Billing, "known", strings.Join(BillingCodes, ", "))
	}
	if r.BadService && r.Attribution != Ours {
		f.At(at+".bad_service", "reason.bad_service")
	}
	t.Reasons = append(t.Reasons, r)
	return r
}

func or(own *bool, from bool) bool {
	if own != nil {
		return *own
	}
	return from
}

func join(list []Attribution) string {
	out := make([]string, len(list))
	for i, a := range list {
		out[i] = string(a)
	}
	return strings.Join(out, ", ")
}

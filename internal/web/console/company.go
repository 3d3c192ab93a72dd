package console

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/company"
	"hastaluego/internal/fault"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// companyView is who the company is to customers, to be changed.
type companyView struct {
	Lang     string
	Tabs     []tab
	Parts    []companyPart
	Logo     string // address; empty: none
	Colour   control
	File     control
	Shades   []shadeView
	Adjusted string
	Version  int
	Rows     []versionRow
	May      bool
	Saved    bool
	Who      string
}

func (v companyView) word(code string, args ...any) string {
	return say(v.Lang, "company."+code, args...)
}

// companyPart is fields that belong together.
type companyPart struct {
	Code, Title, About string
	Fields             []companyField
}

// companyField is a field; Options make it a choice, Area several lines.
type companyField struct {
	control
	Options []option
	Area    bool
}

// shadeView is how the colour looks on a page.
type shadeView struct {
	Name, Ground string
	company.Shades
}

type versionRow struct{ Version, At, By, What string }

// companyFields are the fields of the form, by part.
var companyFields = []struct {
	part   string
	fields string
}{
	{"who", "name legal_name email phone complaints signer address"},
	{"letters", "sender_name sender_address signature_es signature_en signature_de signature_fr"},
	{"links", "refunds warranty complaints_page privacy"},
	{"place", "public_url country pack currency zone language"},
	{"costs", "cost_margin cost_margins cost_incident cost_hour cost_late cost_discount cost_middle cost_high"},
}

// typedCompany is the profile as a form has it; what the form has not stays.
func typedCompany(was company.Profile, f url.Values) company.Profile {
	p := company.Profile{
		Playbook: was.Playbook, Reasons: was.Reasons, Pack: f.Get("pack"),
		Name: f.Get("name"), LegalName: f.Get("legal_name"), Address: f.Get("address"), Phone: f.Get("phone"), Email: f.Get("email"),
		Complaints: f.Get("complaints"), Signer: f.Get("signer"), PublicURL: f.Get("public_url"), SenderName: f.Get("sender_name"),
		SenderAddress: f.Get("sender_address"), Signature: map[string]string{}, Colour: f.Get("colour"), Country: f.Get("country"), Zone: f.Get("zone"),
		Currency: f.Get("currency"), Language: f.Get("language"),
		Links: company.Links{Refunds: f.Get("refunds"), Warranty: f.Get("warranty"), Complaints: f.Get("complaints_page"), Privacy: f.Get("privacy")},
		Costs: company.Costs{
			Margin: f.Get("cost_margin"), Margins: company.ReadMargins(f.Get("cost_margins")), Incident: f.Get("cost_incident"), Hour: f.Get("cost_hour"),
			Late: f.Get("cost_late"), Discount: f.Get("cost_discount"), Middle: f.Get("cost_middle"), High: f.Get("cost_high"),
		},
	}
	for _, lang := range text.CustomerLangs() {
		p.Signature[lang] = f.Get("signature_" + lang)
	}
	return p
}

// companyValues is the form of a profile.
func companyValues(p company.Profile) url.Values {
	f := url.Values{}
	for name, value := range map[string]string{
		"name": p.Name, "legal_name": p.LegalName, "address": p.Address, "phone": p.Phone, "email": p.Email, "complaints": p.Complaints, "signer": p.Signer,
		"public_url": p.PublicURL, "sender_name": p.SenderName, "sender_address": p.SenderAddress, "colour": p.Colour, "country": p.Country, "pack": company.PackOf(p.Pack),
		"zone": p.Zone, "currency": p.Currency, "language": p.Language, "refunds": p.Links.Refunds, "warranty": p.Links.Warranty,
		"complaints_page": p.Links.Complaints, "privacy": p.Links.Privacy,
		"cost_margin": p.Costs.Margin, "cost_margins": p.Costs.MarginLines(), "cost_incident": p.Costs.Incident, "cost_hour": p.Costs.Hour,
		"cost_late": p.Costs.Late, "cost_discount": p.Costs.Discount, "cost_middle": p.Costs.Middle, "cost_high": p.Costs.High,
	} {
		f.Set(name, value)
	}
	for lang, s := range p.Signature {
		f.Set("signature_"+lang, s)
	}
	return f
}

func (v *visit) company() error { return v.showCompany(http.StatusOK, nil, nil) }

func (v *visit) showCompany(status int, typed url.Values, wrong error) error {
	page, err := v.App.OpenCompany(v.r.Context(), v.actor)
	if err != nil {
		return err
	}
	if typed == nil {
		typed = companyValues(page.Profile)
	}
	errs := text.FieldErrors(v.lang, wrong)
	cv := companyView{
		Lang: v.lang, Tabs: v.settingsTabs("profile"), Version: page.Version, May: v.actor.May("company"), Who: whoMay(v.lang, "company"),
		Saved: v.r.URL.Query().Has("saved"),
	}
	for _, part := range companyFields {
		p := companyPart{Code: part.part, Title: cv.word("part." + part.part), About: cv.word("part." + part.part + ".about")}
		for name := range strings.FieldsSeq(part.fields) {
			p.Fields = append(p.Fields, v.companyField(cv, name, typed.Get(name), errs[name], page.Start))
		}
		cv.Parts = append(cv.Parts, p)
	}
	cv.Colour = control{ID: "colour", Label: cv.word("colour"), Hint: cv.word("colour.hint"), Value: typed.Get("colour"), Error: errs["colour"]}
	cv.File = control{ID: "logo", Label: cv.word("logo"), Hint: cv.word("logo.hint", "kb", company.MaxLogo>>10), Error: errs["logo"]}
	if page.Logo != nil {
		cv.Logo = "/brand/" + page.Logo.Digest
	}
	if t, ok := company.ThemeOf(page.Profile.Colour); ok {
		cv.Shades = []shadeView{{cv.word("day"), "#ffffff", t.Day}, {cv.word("night"), "#182229", t.Night}}
		if t.Adjusted {
			cv.Adjusted = cv.word("adjusted", "colour", t.Day.Go)
		}
	}
	for _, x := range page.Versions {
		var fields []string
		for _, f := range x.Changed {
			fields = append(fields, cv.word(f))
		}
		by := x.Name
		if by == "" {
			by = cv.word("by.system")
		}
		cv.Rows = append(cv.Rows, versionRow{text.Number(v.lang, int64(x.Version)), text.ShortInstant(v.lang, x.At, v.zone()), by, strings.Join(fields, ", ")})
	}
	v.show(status, "settings", cv.word("title"), v.problem(wrong), companyPage(cv))
	return nil
}

func (v *visit) companyField(cv companyView, name, value, wrong string, start app.Company) companyField {
	f := companyField{control: control{ID: name, Label: cv.word(name), Value: value, Error: wrong}}
	if code := "console.company." + name + ".hint"; text.Known(v.lang, code) {
		f.Hint = text.Say(v.lang, code)
	}
	switch name {
	case "name", "email", "zone":
		f.Required = true
	case "signature_es", "signature_en", "signature_de", "signature_fr", "cost_margins":
		f.Area = true
	case "language":
		for _, l := range text.CustomerLangs() {
			f.Options = append(f.Options, option{l, text.Say(v.lang, "lang."+l)})
		}
	case "pack":
		f.Options = append([]option{{"", cv.word("pack.none")}}, v.packs()...)
	case "public_url":
		f.Hint = cv.word("public_url.hint", "url", start.PublicURL)
	}
	return f
}

func (v *visit) setCompany() error {
	f, logo, err := v.companyForm()
	if err != nil {
		return err
	}
	page, err := v.App.OpenCompany(v.r.Context(), v.actor)
	if err != nil {
		return err
	}
	version, err := strconv.Atoi(f.Get("version"))
	if err != nil {
		version = -1
	}
	_, err = v.App.SetCompany(v.r.Context(), v.actor, app.CompanyInput{
		Profile: typedCompany(page.Profile, f), Version: version, Logo: logo, NoLogo: f.Get("no_logo") == "1",
	})
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Conflict, fault.TooLarge:
		if err != nil {
			return v.showCompany(web.Status(err), f, err)
		}
	}
	if err != nil {
		return err
	}
	v.to("/console/settings/company?saved")
	return nil
}

// companyForm reads the form, with the file that may be in it.
func (v *visit) companyForm() (url.Values, []byte, error) {
	if v.form != nil { // sent without a file
		return v.form, nil, nil
	}
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, company.MaxLogo+2*web.MaxForm)
	parts, err := v.r.MultipartReader()
	if err != nil {
		return nil, nil, fault.New(fault.Invalid, "request.not_a_form").At("console.companyForm", err)
	}
	f, logo := url.Values{}, []byte(nil)
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return f, logo, nil
		}
		var body []byte
		if err == nil {
			body, err = io.ReadAll(part)
		}
		if err != nil {
			var big *http.MaxBytesError
			if errors.As(err, &big) {
				return nil, nil, fault.New(fault.TooLarge, "logo.too_large", "max", company.MaxLogo>>10).On("logo")
			}
			return nil, nil, fault.New(fault.Invalid, "request.not_a_form").At("console.companyForm", err)
		}
		switch {
		case part.FormName() == "logo" && len(body) > 0:
			logo = body
		case part.FileName() == "":
			f.Add(part.FormName(), string(body))
		}
	}
}

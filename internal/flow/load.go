package flow

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"hastaluego/internal/fault"
	"hastaluego/internal/source"
)

// The vocabulary of a description. Words that are in none of these lists are a
// problem with its place.
var (
	kinds       = []string{"entry", "auth", "form", "info", "offer", "survey", "recap", "confirm", "receipt", "handoff"}
	roles       = []string{"exit", "keep", "accept", "decline", "back", "help"}
	media       = []string{"web", "app", "email", "chat", "phone", "post", "store"}
	devices     = []string{"desktop", "mobile", "app"}
	acts        = []string{"terminate", "withdraw", "switch", "erase"}
	audiences   = []string{"consumer", "business", "everybody"}
	looks       = []string{"button", "link"}
	does        = []string{"cancel", "withdraw", "export", "erase", "switch", "accept_offer", "pause", "downgrade", "consent_marketing", "human", "undo"}
	outcomes    = []string{"ended", "withdrawn", "kept", "paused", "downgraded"}
	timerKinds  = []string{"delay", "countdown", "timeout"}
	amountIs    = []string{"fee", "refund", "owed", "price"}
	amountFrom  = []string{"quote", "fixed", "contract"}
	postedBy    = []string{"automatic", "person"}
	insides     = []string{"plain", "collapsed", "hover"}
	locations   = []string{"home_first_view", "footer", "account", "same_app", "first_menu", "point_of_contract"}
	logins      = []string{"none", "existing_session", "required"}
	authModes   = []string{"none", "existing_session", "non_blocking_email", "blocking_email", "code", "password", "id_document", "new_account"}
	offerKinds  = []string{"discount", "pause", "downgrade", "extension", "human", "other"}
	shownWhen   = []string{"load", "after_answers", "after_scroll"}
	channels    = []string{"portal", "service", "email"}
	contents    = []string{"code", "declaration", "instant", "zone", "contract", "end_date", "effects", "money", "data_window", "erasure_date", "complaint", "adr", "refund"}
	receiptBy   = []string{"page", "email", "pdf", "post"}
	receiptTo   = []string{"kept_address", "account_address", "service_mailbox"}
	precisions  = []string{"day", "minute", "second"}
	states      = []string{"registered", "verified", "ended", "kept", "paused", "closed", "abandoned"}
	triggers    = []string{"customer", "staff", "proof", "effect", "timer", "silence"}
	refunds     = []string{"none", "prorata", "full"}
	fees        = []string{"none", "prorata_benefit", "direct_cost", "cost_plus", "fixed"}
	choices     = []string{"provider", "on_premises", "erase"}
	complaintBy = []string{"same_as_contract", "online", "email", "post", "phone", "electronic", "store", "any_contracting"}
	afters      = []string{"receipt", "effect"}
	// asks are what a field may ask for: the words of the parameters fields.*,
	// and what no law allows to be asked.
	asks = []string{
		"name", "company", "contract", "line", "date", "email", "postal_address", "contact", "identity", "kind", "ground", "proof", "reason", "comment",
		"id_document", "password", "code", "phone", "survey", "marketing", "payment",
	}
)

var (
	keyForm      = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	nameForm     = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)
	languageForm = regexp.MustCompile(`^[a-z]{2}$`)
	dayForm      = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)
)

// maxNodes bounds a description: more than that nobody walks through.
const maxNodes = 400

// checker checks a description and collects what is wrong with it.
type checker struct {
	*source.File
	flow *Flow
}

func (c *checker) check() {
	f := c.flow
	if !nameForm.MatchString(f.Name) {
		c.At("$.flow", "flow.name")
	}
	if len(f.Languages) == 0 {
		c.At("$.languages", "flow.no_languages")
	}
	for i, l := range f.Languages {
		if at := fmt.Sprintf("$.languages[%d]", i); !languageForm.MatchString(l) || slices.Contains(f.Languages[:i], l) {
			c.At(at, "flow.language", "lang", l)
		}
	}
	c.words("$.title", f.Title)
	c.one("$.act", f.Act, acts)
	c.one("$.audience", f.Audience, audiences)
	c.all("$.devices", f.Devices, devices)
	c.all("$.concluded", f.Concluded, media)
	c.keys("$.arms", f.Arms)
	c.keys("$.segments", f.Segments)
	c.terms()
	c.look("$.defaults", f.Defaults)
	for i, e := range f.Lifecycle {
		at := fmt.Sprintf("$.lifecycle[%d]", i)
		c.need(at+".from", e.From, states)
		c.need(at+".to", e.To, states)
		c.need(at+".on", e.On, triggers)
	}
	c.nodes()
}

func (c *checker) terms() {
	t := c.flow.Terms
	c.one("$.terms.refund", t.Refund, refunds)
	c.one("$.terms.exit_fee", t.ExitFee, fees)
	c.one("$.terms.switch_fee", t.SwitchFee, fees)
	c.all("$.terms.switch_choices", t.Choices, choices)
	c.all("$.terms.complaint_channels", t.Complaints, complaintBy)
	c.number("$.terms.retrieval_days", t.RetrievalDays, 3660)
	c.number("$.terms.opt_out_days_before_renewal", t.OptOutDays, 3660)
	c.number("$.terms.lock_in_months", t.LockInMonths, 3660)
	c.number("$.terms.cool_off_days", &t.CoolOffDays, 3660)
}

// number checks a whole number that may be missing.
func (c *checker) number(at string, n *int, most int) {
	if n != nil && (*n < 0 || *n > most) {
		c.At(at, "flow.number", "least", 0, "most", most)
	}
}

func (c *checker) nodes() {
	f := c.flow
	if len(f.Nodes) == 0 || len(f.Nodes) > maxNodes {
		c.At("$.nodes", "flow.nodes", "max", maxNodes)
		return
	}
	f.index = make(map[string]int, len(f.Nodes))
	entries := 0
	for i := range f.Nodes {
		n, at := &f.Nodes[i], fmt.Sprintf("$.nodes[%d]", i)
		if !keyForm.MatchString(n.ID) {
			c.At(at+".id", "flow.key", "key", n.ID)
		} else if first, twice := f.index[n.ID]; twice {
			c.At(at+".id", "flow.twice", "key", n.ID, "first", first+1)
		} else {
			f.index[n.ID] = i
		}
		if n.Kind == "entry" {
			entries++
		}
	}
	if entries == 0 {
		c.At("$.nodes", "flow.no_entry")
	}
	for i := range f.Nodes {
		c.node(fmt.Sprintf("$.nodes[%d]", i), &f.Nodes[i])
	}
}

func (c *checker) node(at string, n *Node) {
	c.need(at+".kind", n.Kind, kinds)
	c.one(at+".medium", n.Medium, media)
	c.one(at+".shown", n.Shown, shownWhen)
	c.one(at+".channel", n.Channel, channels)
	c.one(at+".after", n.After, afters)
	if n.Page != "" && !keyForm.MatchString(n.Page) {
		c.At(at+".page", "flow.key", "key", n.Page)
	}
	if n.Next != "" {
		if i, ok := c.flow.index[n.Next]; !ok {
			c.At(at+".next", "flow.unknown_node", "key", n.Next, "near", fault.Near(n.Next, slices.Sorted(maps.Keys(c.flow.index))))
		} else if c.flow.Nodes[i].page() != n.page() || n.Next == n.ID {
			c.At(at+".next", "flow.next_page", "key", n.Next)
		}
	}
	c.only(at, n.Only, n.Not)
	for _, code := range slices.Sorted(maps.Keys(n.Texts)) {
		if !keyForm.MatchString(code) {
			c.At(at+".texts", "flow.key", "key", code)
			continue
		}
		c.words(at+".texts."+code, n.Texts[code])
	}
	c.parts(at, n)
	c.fields(at, n)
	c.actions(at, n)
	for i, t := range n.Timers {
		tat := fmt.Sprintf("%s.timers[%d]", at, i)
		c.need(tat+".kind", t.Kind, timerKinds)
		if t.Seconds < 1 || t.Seconds > 1e6 {
			c.At(tat+".seconds", "flow.number", "least", 1, "most", 1_000_000)
		}
		if t.Action != "" && !slices.ContainsFunc(n.Action, func(a Action) bool { return a.ID == t.Action }) {
			c.At(tat+".action", "flow.unknown_action", "key", t.Action)
		}
	}
	for i, a := range n.Amounts {
		aat := fmt.Sprintf("%s.amounts[%d]", at, i)
		if !keyForm.MatchString(a.ID) {
			c.At(aat+".id", "flow.key", "key", a.ID)
		}
		c.need(aat+".what", a.What, amountIs)
		c.need(aat+".from", a.From, amountFrom)
		c.one(aat+".posted", a.Posted, postedBy)
	}
}

// parts checks what only some kinds of node have.
func (c *checker) parts(at string, n *Node) {
	for _, p := range []struct {
		kind string
		has  bool
	}{{"entry", n.Entry != nil}, {"auth", n.Auth != nil}, {"offer", n.Offer != nil}, {"receipt", n.Receipt != nil}} {
		if p.has && n.Kind != p.kind {
			c.At(at+"."+p.kind, "flow.not_here", "key", p.kind, "kind", n.Kind)
		}
	}
	if n.Kind == "auth" && n.Auth == nil {
		c.At(at, "flow.needs", "key", "auth", "kind", n.Kind)
	}
	if n.Kind == "handoff" && n.Medium == "" {
		c.At(at, "flow.needs", "key", "medium", "kind", n.Kind)
	}
	if e := n.Entry; e != nil {
		c.one(at+".entry.inside", e.Inside, insides)
		c.all(at+".entry.location", e.Location, locations)
		c.one(at+".entry.login", e.Login, logins)
		c.number(at+".entry.clicks_from_home", e.Clicks, 1000)
		c.number(at+".entry.siblings", e.Siblings, 1000)
	}
	if n.Auth != nil {
		c.need(at+".auth.mode", n.Auth.Mode, authModes)
	}
	if o := n.Offer; o != nil {
		c.need(at+".offer.kind", o.Kind, offerKinds)
		c.number(at+".offer.cooldown_days", &o.CooldownDays, 3660)
	}
	if r := n.Receipt; r != nil {
		c.one(at+".receipt.outcome", r.Outcome, outcomes)
		c.all(at+".receipt.contents", r.Contents, contents)
		c.all(at+".receipt.media", r.Media, receiptBy)
		c.one(at+".receipt.to", r.To, receiptTo)
		c.one(at+".receipt.time", r.Time, precisions)
		if r.Language != "" && r.Language != "request" && !languageForm.MatchString(r.Language) {
			c.At(at+".receipt.language", "flow.language", "lang", r.Language)
		}
	}
}

func (c *checker) fields(at string, n *Node) {
	seen := map[string]bool{}
	for i := range n.Fields {
		f, fat := &n.Fields[i], fmt.Sprintf("%s.fields[%d]", at, i)
		if !keyForm.MatchString(f.ID) || seen[f.ID] {
			c.At(fat+".id", "flow.key", "key", f.ID)
		}
		seen[f.ID] = true
		c.need(fat+".asks", f.Asks, asks)
		c.all(fat+".also", f.Also, asks)
		c.words(fat+".label", f.Label)
		c.words(fat+".help", f.Help)
		c.only(fat, f.Only, f.Not)
	}
}

func (c *checker) actions(at string, n *Node) {
	seen, enter := map[string]bool{}, 0
	for i := range n.Action {
		a, aat := &n.Action[i], fmt.Sprintf("%s.actions[%d]", at, i)
		if !keyForm.MatchString(a.ID) || seen[a.ID] {
			c.At(aat+".id", "flow.key", "key", a.ID)
		}
		seen[a.ID] = true
		c.need(aat+".role", a.Role, roles)
		c.one(aat+".kind", a.Kind, looks)
		c.one(aat+".does", a.Does, does)
		c.words(aat+".label", a.Label)
		c.words(aat+".help", a.Help)
		for _, pack := range slices.Sorted(maps.Keys(a.Prescribed)) {
			if !nameForm.MatchString(pack) {
				c.At(aat+".prescribed", "flow.key", "key", pack)
				continue
			}
			c.said(aat+".prescribed."+pack, a.Prescribed[pack])
		}
		c.number(aat+".prominence", a.Prominence, 3)
		if _, known := c.flow.index[a.To]; a.To != "" && !known {
			c.At(aat+".to", "flow.unknown_node", "key", a.To)
		}
		if r := a.Reviewed; r != nil && (strings.TrimSpace(r.By) == "" || strings.TrimSpace(r.Why) == "" || !dayForm.MatchString(r.On)) {
			c.At(aat+".reviewed", "flow.reviewed")
		}
		if a.To == "" && a.Role == "exit" && a.Does == "" {
			c.At(aat, "flow.needs", "key", "to", "kind", "exit")
		}
		c.look(aat, a.Look)
		c.only(aat, a.Only, a.Not)
		if a.DefaultOnEnter && a.Only.empty() && a.Not.empty() {
			if enter++; enter > 1 {
				c.At(aat+".default_on_enter", "flow.two_defaults")
			}
		}
	}
}

func (c *checker) look(at string, l Look) {
	if l.Contrast != 0 && (l.Contrast < 1 || l.Contrast > 21) {
		c.At(at+".contrast", "flow.number", "least", 1, "most", 21)
	}
	if l.Size != 0 && (l.Size < 0.1 || l.Size > 10) {
		c.At(at+".size", "flow.number", "least", "0.1", "most", 10)
	}
}

func (o Only) empty() bool {
	return len(o.Packs)+len(o.Arms)+len(o.Languages)+len(o.Devices)+len(o.Segments) == 0
}

// only checks that what is narrowed to exists, and that nothing is both in and
// out.
func (c *checker) only(at string, only, not Only) {
	f := c.flow
	for i, o := range []Only{only, not} {
		key := []string{".only", ".not"}[i]
		c.all(at+key+".devices", o.Devices, f.devices())
		c.all(at+key+".arms", o.Arms, f.Arms)
		c.all(at+key+".languages", o.Languages, f.Languages)
		c.all(at+key+".segments", o.Segments, f.Segments)
		for j, p := range o.Packs {
			if !nameForm.MatchString(p) {
				c.At(fmt.Sprintf("%s%s.packs[%d]", at, key, j), "flow.key", "key", p)
			}
		}
	}
	for _, both := range [][2][]string{{only.Packs, not.Packs}, {only.Arms, not.Arms}, {only.Languages, not.Languages}, {only.Devices, not.Devices}, {only.Segments, not.Segments}} {
		for _, x := range both[0] {
			if slices.Contains(both[1], x) {
				c.At(at+".not", "flow.in_and_out", "key", x)
			}
		}
	}
}

// words checks a text of our own: it is in served languages alone, so that a
// slip of the pen is no language.
func (c *checker) words(at string, w Words) {
	c.said(at, w)
	for _, l := range slices.Sorted(maps.Keys(w)) {
		if languageForm.MatchString(l) && !slices.Contains(c.flow.Languages, l) {
			c.At(at, "flow.unserved", "lang", l)
		}
	}
}

// said checks that every text says something in some language.
func (c *checker) said(at string, w Words) {
	for _, l := range slices.Sorted(maps.Keys(w)) {
		switch {
		case !languageForm.MatchString(l):
			// An unquoted comma in {es: …, en: …} makes a stray key.
			c.At(at, "flow.language", "lang", l)
		case strings.TrimSpace(w[l]) == "":
			c.At(at+"."+l, "flow.empty", "lang", l)
		}
	}
}

// one checks a word that may be missing.
func (c *checker) one(at, value string, known []string) {
	if value != "" {
		c.need(at, value, known)
	}
}

func (c *checker) need(at, value string, known []string) {
	if !slices.Contains(known, value) {
		c.At(at, "flow.value", "value", value, "known", strings.Join(known, ", "))
	}
}

func (c *checker) all(at string, values, known []string) {
	for i, v := range values {
		here := fmt.Sprintf("%s[%d]", at, i)
		c.need(here, v, known)
		if slices.Contains(values[:i], v) {
			c.At(here, "flow.again", "value", v)
		}
	}
}

func (c *checker) keys(at string, values []string) {
	for i, v := range values {
		here := fmt.Sprintf("%s[%d]", at, i)
		if !keyForm.MatchString(v) {
			c.At(here, "flow.key", "key", v)
		}
		if slices.Contains(values[:i], v) {
			c.At(here, "flow.again", "value", v)
		}
	}
}

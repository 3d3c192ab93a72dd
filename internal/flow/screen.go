package flow

// Screen is a page of a variant as its customer meets it, in their language:
// what a portal renders. There is no other description of the page.
type Screen struct {
	Name  string // of the page
	Parts []Part // in the order of the file
}

// Part is a node of a page.
type Part struct {
	Node, Kind, Medium string
	Texts              map[string]string // by code
	Fields             []Input
	Actions            []Press
}

// Input is a field of a part.
type Input struct {
	ID, Asks, Label, Help string
	Required, Prechecked  bool
}

// Press is an action of a part.
type Press struct {
	Node, ID, Role, Does, Kind string
	Prominence                 int
	// Label is what stands on it, in Lang. Beside is the same in the language of
	// the page where Label is prescribed in another one; empty otherwise.
	Label, Lang, Beside string
	Help                string
	To, ToKind, ToPage  string // empty: it leads nowhere else
}

// Screen is the page on which the node stands; ok is false where this customer
// does not meet the node.
func (v *View) Screen(node string) (s Screen, ok bool) {
	at, known := v.Flow.index[node]
	if !known || !v.in[at] {
		return s, false
	}
	s.Name = v.node(at).page()
	for i := range v.in {
		if v.in[i] && v.node(i).page() == s.Name {
			s.Parts = append(s.Parts, v.part(i))
		}
	}
	return s, true
}

// Page is the page of that name; ok is false where this customer meets none.
func (v *View) Page(name string) (Screen, bool) {
	for i := range v.in {
		if v.in[i] && v.node(i).page() == name {
			return v.Screen(v.node(i).ID)
		}
	}
	return Screen{}, false
}

// Entry is the way in on the web: where the customer finds the way out.
func (v *View) Entry() (Part, bool) {
	for _, i := range v.entries {
		if v.node(i).medium() == "web" {
			return v.part(i), true
		}
	}
	return Part{}, false
}

// Receipt is what the customer gets first who declares an act: cancel or
// withdraw.
func (v *View) Receipt(does string) (Part, bool) {
	a, ok := v.Declares(does)
	if !ok {
		return Part{}, false
	}
	return v.part(v.Flow.index[a.To]), true
}

// Declares is the action that declares an act, cancel or withdraw: the last one
// on the way from the entry, which leads to the receipt. ok is false where this
// customer has no such act.
func (v *View) Declares(does string) (Press, bool) {
	entry, _ := v.Entry()
	a, ok := entry.Does(does)
	for range v.Flow.Nodes { // a way is no longer than that
		if !ok || a.ToKind == "receipt" {
			return a, ok
		}
		var s Screen
		if s, ok = v.Screen(a.To); ok {
			a, ok = s.Onward()
		}
	}
	return Press{}, false
}

// Node is the part of that id; ok is false where this customer does not meet it.
func (v *View) Node(id string) (Part, bool) {
	i, known := v.Flow.index[id]
	if !known || !v.in[i] {
		return Part{}, false
	}
	return v.part(i), true
}

// First is the first part of that kind that this customer meets.
func (v *View) First(kind string) (Part, bool) {
	for i := range v.in {
		if v.in[i] && v.node(i).Kind == kind {
			return v.part(i), true
		}
	}
	return Part{}, false
}

// Proved is the receipt of whoever has shown who they are; where nobody is asked
// to it is the one that they got at once.
func (v *View) Proved(does string) (Part, bool) {
	if auth, ok := v.First("auth"); ok {
		for _, a := range auth.Actions {
			if a.Role == "exit" && a.ToKind == "receipt" {
				return v.Node(a.To)
			}
		}
	}
	return v.Receipt(does)
}

// Served is the language of a page for a reader of lang: lang itself, else
// otherwise, else the first that the flow serves.
func (f *Flow) Served(lang, otherwise string) string {
	for _, want := range []string{lang, otherwise} {
		for _, l := range f.Languages {
			if l == want {
				return l
			}
		}
	}
	return f.Languages[0]
}

func (v *View) part(i int) Part {
	n, lang := v.node(i), v.Variant.Language
	p := Part{Node: n.ID, Kind: n.Kind, Medium: n.medium(), Texts: make(map[string]string, len(n.Texts))}
	for code, words := range n.Texts {
		p.Texts[code] = words[lang]
	}
	for _, j := range v.fields[i] {
		f := &n.Fields[j]
		p.Fields = append(p.Fields, Input{f.ID, f.Asks, f.Label[lang], f.Help[lang], f.Required, f.Prechecked})
	}
	v.eachAction(i, func(_ int, a *Action) {
		x := Press{Node: n.ID, ID: a.ID, Role: a.Role, Does: a.Does, Kind: or(a.Kind, "button"), Prominence: a.prominence(), Help: a.Help[lang], To: a.To}
		x.Label, x.Lang, x.Beside = v.Label(a)
		if to, leads := v.Flow.index[a.To]; leads {
			x.ToKind, x.ToPage = v.node(to).Kind, v.node(to).page()
		}
		p.Actions = append(p.Actions, x)
	})
	return p
}

// Part is the first part of the page of one of those kinds.
func (s Screen) Part(kinds ...string) (Part, bool) {
	for _, p := range s.Parts {
		for _, k := range kinds {
			if p.Kind == k {
				return p, true
			}
		}
	}
	return Part{}, false
}

// Actions are those of the whole page, in order.
func (s Screen) Actions() (list []Press) {
	for _, p := range s.Parts {
		list = append(list, p.Actions...)
	}
	return list
}

// Action is the one of that id; ok is false where the page has none.
func (s Screen) Action(id string) (Press, bool) {
	for _, a := range s.Actions() {
		if a.ID == id {
			return a, true
		}
	}
	return Press{}, false
}

// Onward is the action by which whoever fills in the page goes on: the most
// prominent of those that lead out.
func (s Screen) Onward() (best Press, ok bool) {
	for _, a := range s.Actions() {
		if a.Role == "exit" && a.To != "" && (!ok || a.Prominence > best.Prominence) {
			best, ok = a, true
		}
	}
	return best, ok
}

// Does is the action of a part that does something; ok is false where it has
// none.
func (p Part) Does(what string) (Press, bool) {
	for _, a := range p.Actions {
		if a.Does == what {
			return a, true
		}
	}
	return Press{}, false
}

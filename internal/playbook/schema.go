package playbook

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// object is a JSON object with its keys in the order in which they are written.
type object map[string]any

// Schema is the JSON Schema (draft 2020-12) of a playbook with these kinds of
// step, for editors. It says what may be written; what order the steps must
// have, `hasta playbook check` says.
func Schema(kinds []KindSpec) ([]byte, error) {
	kinds = slices.Clone(kinds)
	slices.SortFunc(kinds, func(a, b KindSpec) int { return strings.Compare(a.Name, b.Name) })
	words := object{
		"type": "object", "description": "The same words in every language.", "required": Languages,
		"properties": object{"es": text(), "en": text(), "de": text(), "fr": text()}, "additionalProperties": false,
	}
	days := object{"type": "object", "required": []string{"d"}, "additionalProperties": false, "properties": object{"d": whole()}}
	key := object{"type": "string", "pattern": keyForm.String()}
	var names []string
	var variants []any
	for _, k := range kinds {
		names = append(names, k.Name)
		variants = append(variants, variant(k))
	}
	step := object{
		"type": "object", "required": []string{"id", "kind", "title"}, "additionalProperties": false,
		"properties": object{
			"id": key, "kind": object{"enum": names}, "title": object{"$ref": "#/$defs/words"},
			"after":     object{"type": "array", "items": key, "description": "Steps that must be over first."},
			"role":      object{"enum": Roles, "description": "Who owns a step of people."},
			"due":       object{"$ref": "#/$defs/due"},
			"alert":     object{"$ref": "#/$defs/days", "description": "Days before it is due at which its owner is reminded."},
			"escalate":  object{"type": "object", "required": []string{"d", "to"}, "additionalProperties": false, "properties": object{"d": whole(), "to": object{"enum": Roles}}},
			"items":     object{"type": "array", "items": object{"type": "object", "required": []string{"id", "title"}, "additionalProperties": false, "properties": object{"id": key, "title": object{"$ref": "#/$defs/words"}}}},
			"params":    object{"type": "object", "additionalProperties": object{"type": "string"}},
			"milestone": object{"enum": Milestones, "description": "The customer sees this step."},
			"if":        object{"type": "string", "description": "CEL; when it does not hold the step is skipped."},
			"timeout":   object{"$ref": "#/$defs/days", "description": "How long a wait for an event lasts."},
			"else":      object{"enum": []string{"continue", "ask"}, "description": "What follows when the time-out is over."},
			"undo": object{
				"type": "object", "required": []string{"class"}, "additionalProperties": false,
				"properties": object{"class": object{"enum": undoClasses}, "title": object{"$ref": "#/$defs/words"}},
			},
		},
		"oneOf": variants,
	}
	root := object{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Playbook of Hasta Luego", "type": "object",
		"required": []string{"playbook", "title", "steps"}, "additionalProperties": false,
		"properties": object{
			"playbook": object{"type": "string", "pattern": "^[a-z][a-z0-9-]{0,39}$"}, "title": object{"$ref": "#/$defs/words"},
			"when":      object{"type": "string", "description": "CEL over the facts; departures for which it holds follow this playbook."},
			"retrieval": object{"$ref": "#/$defs/days", "description": "Days after the end in which the customer may fetch their data."},
			"steps":     object{"type": "array", "minItems": 1, "items": step},
		},
		"$defs": object{
			"words": words, "days": days,
			"due": object{
				"type": "object", "required": []string{"d", "from"}, "additionalProperties": false,
				"properties": object{
					"d":    object{"anyOf": []any{whole(), object{"type": "string", "pattern": "^[0-9]+(bd)?$"}}, "description": "Days, or business days of the company's calendar (5bd)."},
					"from": object{"type": "string", "description": "ready, request, effective, end_of_retrieval, or an earlier step."},
				},
			},
		},
	}
	raw, err := json.MarshalIndent(root, "", "  ")
	return append(raw, '\n'), err
}

func text() object  { return object{"type": "string", "minLength": 1} }
func whole() object { return object{"type": "integer", "minimum": 0, "maximum": longestDue} }

// variant is what one kind adds: its parameters, and what only it must or may
// not say.
func variant(k KindSpec) object {
	params, required := object{}, []string{}
	for _, p := range k.Params {
		v := object{"type": "string"}
		if len(p.Enum) > 0 {
			v = object{"enum": p.Enum}
		}
		if p.Form != "" {
			v["pattern"] = p.Form
		}
		if p.About != "" {
			v["description"] = p.About
		}
		params[p.Name] = v
		if p.Required {
			required = append(required, p.Name)
		}
	}
	must, not := []string{}, []any{}
	if len(required) > 0 {
		must = append(must, "params")
	}
	if k.Human {
		must = append(must, "role", "due", "escalate")
	} else {
		for _, f := range []string{"role", "due", "escalate", "alert", "items"} {
			not = append(not, object{"required": []string{f}})
		}
	}
	if k.TellUndo {
		must = append(must, "undo")
	}
	out := object{
		"title": k.Name, "description": k.About, "required": must,
		"properties": object{"kind": object{"const": k.Name}, "params": object{"properties": params, "required": required, "additionalProperties": false}},
	}
	if len(not) > 0 {
		out["not"] = object{"anyOf": not}
	}
	return out
}

// Table is the reference of the kinds in Markdown.
func Table(kinds []KindSpec) string {
	kinds = slices.Clone(kinds)
	slices.SortFunc(kinds, func(a, b KindSpec) int { return strings.Compare(a.Name, b.Name) })
	var b strings.Builder
	b.WriteString("| kind | who | params | undo | what it does |\n|---|---|---|---|---|\n")
	for _, k := range kinds {
		who, undo := "the engine", "–"
		if k.Human {
			who = "a person"
		}
		if k.TellUndo {
			undo = "must be said"
		} else if k.Effect {
			undo = "as the system declares"
		}
		var params []string
		for _, p := range k.Params {
			s := "`" + p.Name + "`"
			if len(p.Enum) > 0 {
				s += " (" + strings.Join(p.Enum, ", ") + ")"
			}
			if p.Required {
				s += ", required"
			}
			params = append(params, s)
		}
		if len(params) == 0 {
			params = []string{"–"}
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", k.Name, who, strings.Join(params, "; "), undo, k.About)
	}
	return b.String()
}

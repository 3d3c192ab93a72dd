package flow

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"hastaluego/internal/jurisdiction"
)

// object is a JSON object; encoding/json writes its keys in order.
type object = map[string]any

// known are the words of fields that are not free, by type and key.
var known = map[string][]string{
	"Flow.act": acts, "Flow.audience": audiences, "Flow.devices": devices, "Flow.concluded": media,
	"Terms.refund": refunds, "Terms.exit_fee": fees, "Terms.switch_fee": fees, "Terms.switch_choices": choices, "Terms.complaint_channels": complaintBy,
	"Edge.from": states, "Edge.to": states, "Edge.on": triggers,
	"Node.kind": kinds, "Node.medium": media, "Node.shown": shownWhen, "Node.channel": channels, "Node.after": afters,
	"Only.devices": devices, "Field.asks": asks, "Field.also": asks,
	"Action.role": roles, "Action.kind": looks, "Action.does": does,
	"Timer.kind": timerKinds, "Amount.what": amountIs, "Amount.from": amountFrom, "Amount.posted": postedBy,
	"Entry.inside": insides, "Entry.location": locations, "Entry.login": logins, "Auth.mode": authModes, "Offer.kind": offerKinds,
	"Receipt.outcome": outcomes, "Receipt.contents": contents, "Receipt.media": receiptBy, "Receipt.to": receiptTo, "Receipt.time": precisions,
}

// required are the keys without which there is nothing to check.
var required = map[string][]string{
	"Flow": {"flow", "languages", "nodes"}, "Node": {"id", "kind"}, "Field": {"id", "asks"}, "Action": {"id", "role"}, "Edge": {"from", "to", "on"},
	"Reviewed": {"by", "on", "why"}, "Timer": {"kind", "seconds"}, "Amount": {"id", "what", "from"}, "Auth": {"mode"}, "Offer": {"kind"},
}

// Schema is the JSON Schema of descriptions, for editors.
func Schema() ([]byte, error) {
	defs := object{}
	root := schemaOf(reflect.TypeFor[Flow](), defs)
	delete(defs, "Flow")
	root["$schema"], root["title"], root["$defs"] = "https://json-schema.org/draft/2020-12/schema", "Flow of Hasta Luego", defs
	raw, err := json.MarshalIndent(root, "", "  ")
	return append(raw, '\n'), err
}

func schemaOf(t reflect.Type, defs object) object {
	properties := object{}
	for i := range t.NumField() {
		f := t.Field(i)
		key, opts, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case opts == "inline":
			for k, v := range schemaOf(f.Type, defs)["properties"].(object) {
				properties[k] = v
			}
		case f.IsExported() && key != "-":
			properties[key] = property(f.Type, t.Name()+"."+key, defs)
		}
	}
	out := object{"type": "object", "additionalProperties": false, "properties": properties}
	if must := required[t.Name()]; must != nil {
		out["required"] = must
	}
	return out
}

func property(t reflect.Type, name string, defs object) object {
	switch t.Kind() {
	case reflect.Pointer:
		return property(t.Elem(), name, defs)
	case reflect.Slice:
		return object{"type": "array", "items": property(t.Elem(), name, defs)}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": property(t.Elem(), name, defs)}
	case reflect.Struct:
		if defs[t.Name()] == nil {
			defs[t.Name()] = object{} // it may hold itself
			defs[t.Name()] = schemaOf(t, defs)
		}
		return object{"$ref": "#/$defs/" + t.Name()}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int:
		return object{"type": "integer", "minimum": 0}
	case reflect.Float64:
		return object{"type": "number", "minimum": 0}
	}
	if words := known[name]; words != nil {
		return object{"enum": words}
	}
	return object{"type": "string"}
}

// Table is the reference of patterns and of what the law's parameters are seen
// by, in Markdown; say words a code.
func Table(say func(code string) string) string {
	var b strings.Builder
	b.WriteString("## Patterns\n\n| id | pattern | blocks in | what to change |\n|---|---|---|---|\n")
	for _, p := range patterns {
		where := "everywhere"
		switch {
		case p.mild:
			where = "nowhere: it warns, and people look"
		case p.packs != nil:
			where = "`" + strings.Join(p.packs, "` `") + "` `" + safe + "`"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", p.ID, say("flow.pattern."+p.ID), where, say("flow.change."+p.ID))
	}
	b.WriteString("\n## Rules of packs\n\n| parameter | kind | pattern |\n|---|---|---|\n")
	for _, name := range Looks() {
		p := jurisdiction.ParamNamed(name)
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", name, p.Kind, or(looksAt[name].pattern, "–"))
	}
	fmt.Fprintf(&b, "\n## Friction\n\n%s.\n\n## Vocabulary\n\n", Formula)
	for _, key := range []string{"Node.kind", "Action.role", "Action.does", "Node.medium", "Field.asks", "Auth.mode", "Entry.location", "Receipt.outcome", "Receipt.contents"} {
		fmt.Fprintf(&b, "- **%s**: %s\n", strings.ToLower(key), strings.Join(known[key], ", "))
	}
	return b.String()
}

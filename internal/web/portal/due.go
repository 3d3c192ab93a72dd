package portal

import (
	"time"

	"hastaluego/internal/limit"
	"hastaluego/internal/text"
)

// dueLine is something that the law says is owed to the customer, until when.
type dueLine struct {
	What, Until string
	Late        bool
}

// viewDue is what is owed to the customer and not done. What came at once, or
// never will, is not spoken of.
func viewDue(sp text.Speech, zone *time.Location, list []limit.Limit) (out []dueLine) {
	for _, l := range list {
		if !l.Promise() || !l.Over.IsZero() {
			continue
		}
		line := dueLine{What: sp.Say("portal.due." + l.Param), Late: !l.Late.IsZero()}
		switch {
		case line.Late:
			line.Until = sp.Say("portal.due.late", "date", text.LongDate(sp.Lang, l.Last()))
		case l.Exact():
			line.Until = sp.Say("portal.due.until", "date", text.Instant(sp.Lang, l.End, zone))
		default:
			line.Until = sp.Say("portal.due.until", "date", text.LongDate(sp.Lang, l.Last()))
		}
		out = append(out, line)
	}
	return out
}

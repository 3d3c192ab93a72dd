package jurisdiction_test

import (
	"testing"

	"hastaluego/internal/jurisdiction"
)

// Spans of one unit are compared as they are; others by the shortest and the
// longest that they can be on a calendar.
func TestASpanStaysWithinAnotherAlwaysNeverOrOnSomeDays(t *testing.T) {
	t.Parallel()
	span := func(n int, u jurisdiction.Unit) jurisdiction.Span { return jurisdiction.Span{N: n, Unit: u} }
	const mo, d, h, bd = jurisdiction.Months, jurisdiction.Days, jurisdiction.Hours, jurisdiction.BusinessDays
	for _, c := range []struct {
		span, most jurisdiction.Span
		want       jurisdiction.Result
	}{
		{span(24, mo), span(24, mo), jurisdiction.Pass},
		{span(25, mo), span(24, mo), jurisdiction.Fail},
		{span(0, mo), span(0, d), jurisdiction.Pass},
		{span(1, mo), span(0, d), jurisdiction.Fail},
		{span(12, mo), span(366, d), jurisdiction.Pass},
		{span(12, mo), span(365, d), jurisdiction.Unknown},
		{span(12, mo), span(364, d), jurisdiction.Fail},
		{span(28, d), span(1, mo), jurisdiction.Pass},
		{span(30, d), span(1, mo), jurisdiction.Unknown},
		{span(32, d), span(1, mo), jurisdiction.Fail},
		{span(59, d), span(2, mo), jurisdiction.Pass},
		{span(62, d), span(2, mo), jurisdiction.Unknown},
		{span(730, d), span(24, mo), jurisdiction.Pass},
		{span(733, d), span(24, mo), jurisdiction.Fail},
		{span(24, h), span(2, d), jurisdiction.Pass},
		{span(100, h), span(2, d), jurisdiction.Fail},
		{span(5, d), span(5, bd), jurisdiction.Pass},
		{span(90, d), span(5, bd), jurisdiction.Fail},
	} {
		if got := c.span.Within(c.most); got != c.want {
			t.Errorf("%s within %s: %v, want %v", c.span, c.most, got, c.want)
		}
	}
}

package reply

import (
	"strconv"
	"strings"
)

// scored is a line by which somebody answers the survey: what is asked, and a
// number.
var scored = lazily(`(?i)^\W*(?:os\s+)?(irme|irse|leaving|gehen|d[eé]part|recomendar\pL*|recommend\pL*|empfehl\pL*)\s*[:=]\s*(\d{1,2})(?:\s*/\s*\d{1,2})?\W*$`)

// Scores are the numbers with which it answers the survey, by its fields csat and
// nps, and what else it says; nil if it has none. A number that is none of the
// scale, or said twice in two ways, is not an answer.
func (r Reply) Scores() (scores map[string]string, rest string) {
	var others []string
	unclear := map[string]bool{}
	for l := range strings.SplitSeq(r.Own, "\n") {
		m := scored().FindStringSubmatch(l)
		if m == nil {
			others = append(others, l)
			continue
		}
		field, least, most := "csat", 1, 5
		if word := strings.ToLower(m[1]); strings.HasPrefix(word, "rec") || strings.HasPrefix(word, "emp") {
			field, least, most = "nps", 0, 10
		}
		n, err := strconv.Atoi(m[2])
		said := strconv.Itoa(n)
		switch was, twice := scores[field]; {
		case err != nil, n < least, n > most, twice && was != said:
			unclear[field] = true
		default:
			if scores == nil {
				scores = map[string]string{}
			}
			scores[field] = said
		}
	}
	for field := range unclear {
		delete(scores, field)
	}
	if len(scores) == 0 {
		return nil, r.Own
	}
	return scores, strings.TrimSpace(strings.Join(others, "\n"))
}

// Names reports whether its own words have a name in them, as whole words and
// whatever the accents.
func (r Reply) Names(name string) bool {
	name = folded(name)
	return name != "" && strings.Contains(" "+folded(r.Own)+" ", " "+name+" ")
}

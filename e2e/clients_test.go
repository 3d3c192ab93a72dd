package e2e_test

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// bringPast brings what the guide brings: customers, and those who left before;
// it reads the figure of a month of theirs, and how an import would be undone.
func (s storyA) bringPast() {
	t, staff := s.t, s.staff
	t.Helper()
	s.does("hasta import")
	// Any month of the list but the newest, which may still be counted.
	month := time.Date(time.Now().Year(), time.Now().Month()-3, 1, 0, 0, 0, 0, time.UTC)
	want := s.leftIn(month)
	staff.open(s.info.Portal + "console/learn?lang=" + s.lang)
	if lost, _, _ := s.gone(staff, 3); lost != want {
		t.Errorf("%s left in %s, the figure says %q", want, month.Format("2006-01"), lost)
	}
	staff.shot(s.name + "-0-learn")
	staff.open(s.info.Portal + "console/imports")
	staff.turn(testid("undo"), testid("would"))
	staff.axe(s.check, s.name+"-undo")
}

// leftIn counts who the list says that left in a month.
func (s storyA) leftIn(month time.Time) string {
	s.t.Helper()
	f, err := os.Open(filepath.Join(s.folder, "examples", "bajas.csv"))
	s.must(err)
	defer f.Close()
	n := 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if cells := strings.Split(lines.Text(), ";"); len(cells) > 4 && strings.HasSuffix(cells[4], month.Format("/01/2006")) {
			n++
		}
	}
	return string(rune('0' + n))
}

package invitation_test

import (
	"testing"
	"time"

	"hastaluego/internal/invitation"
)

var now = time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)

func TestWhoPrefersNotToTalkIsNotInvitedAgain(t *testing.T) {
	t.Parallel()
	i := invitation.Invitation{State: invitation.Invited}
	for _, s := range []invitation.State{invitation.Invited, invitation.Declined} { // another time, then a no
		if err := i.To(s); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range []invitation.State{invitation.Invited, invitation.Cancelled, invitation.Declined} {
		if i.To(s) == nil {
			t.Errorf("declined, and then %s", s)
		}
	}
}

func TestWhatIsWrongWithAnInvitationIsToldBesideItsField(t *testing.T) {
	t.Parallel()
	good := invitation.Invitation{Format: invitation.Video, Place: "https://sala.example/1", Start: now.AddDate(0, 0, 2), Minutes: 30}
	if l := good.Check(now); len(l) > 0 || good.End() != good.Start.Add(30*time.Minute) {
		t.Fatal(l)
	}
	for field, change := range map[string]func(*invitation.Invitation){
		"invitation.format":  func(i *invitation.Invitation) { i.Format = "letter" },
		"invitation.place":   func(i *invitation.Invitation) { i.Place = "" },
		"invitation.date":    func(i *invitation.Invitation) { i.Start = now },
		"invitation.minutes": func(i *invitation.Invitation) { i.Minutes = 0 },
	} {
		i := good
		change(&i)
		if l := i.Check(now); len(l) != 1 || l[0].Field != field {
			t.Errorf("%s: %v", field, l)
		}
	}
	far := good
	far.Start = now.AddDate(1, 0, 0)
	if l := far.Check(now); len(l) != 1 {
		t.Errorf("in a year: %v", l)
	}
}

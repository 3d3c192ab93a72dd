package relationship_test

import (
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/relationship"
	"hastaluego/internal/when"
)

func day(n int) when.Date { return when.Date{Year: 2026, Month: 11, Day: 1}.AddDays(n) }

func TestAComplaintThatIsOverStaysOver(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := relationship.Complaint{State: relationship.Open, Received: day(0), AnswerBy: day(relationship.AnswerDays)}
		over, first := when.Date{}, when.Date{}
		for i := range rapid.IntRange(1, 10).Draw(t, "events") {
			to := rapid.SampledFrom([]relationship.ComplaintState{"open", "promised", "fixed", "declined", "odd"}).Draw(t, "to")
			was := c
			err := c.To(to, day(i))
			if err != nil && c != was {
				t.Fatal("a refused change changed something")
			}
			if err == nil && first.IsZero() {
				first = day(i)
			}
			if err == nil && !over.IsZero() {
				t.Fatalf("%s after it was over", to)
			}
			if !c.Unsolved() && over.IsZero() {
				over = day(i)
			}
			if c.AnswerOn != first || c.Over != over {
				t.Fatalf("answered %v, over %v, want %v and %v", c.AnswerOn, c.Over, first, over)
			}
		}
	})
}

func TestALateAnswerStaysLate(t *testing.T) {
	t.Parallel()
	c := relationship.Complaint{State: relationship.Open, Received: day(0), AnswerBy: day(30)}
	if c.Late(day(30)) || !c.Late(day(31)) {
		t.Error("the last day is in time, the next is not")
	}
	if err := c.To(relationship.Fixed, day(31)); err != nil || !c.Late(day(400)) {
		t.Errorf("%v", err)
	}
}

func TestStandingTellsTheWorstThatIsTrue(t *testing.T) {
	t.Parallel()
	kept := func(due, on int) relationship.Commitment {
		return relationship.Commitment{By: relationship.Ours, Due: day(due), State: relationship.Kept, Over: day(on)}
	}
	pending := relationship.Commitment{By: relationship.Ours, Due: day(20), State: relationship.Pending}
	broken := relationship.Commitment{By: relationship.Ours, Due: day(1), State: relationship.Broken, Over: day(9)}
	theirs := relationship.Commitment{By: relationship.Theirs, Due: day(1), State: relationship.Broken}
	released := relationship.Commitment{By: relationship.Ours, Due: day(1), State: relationship.Released}
	for want, list := range map[string][]relationship.Commitment{
		"none": {theirs, released}, "unknown": {pending}, "kept": {kept(5, 5), pending}, "late": {kept(5, 6), kept(5, 4)},
		"broken": {kept(5, 5), broken},
	} {
		if got := relationship.Standing(list, relationship.Ours, day(10)); got != want {
			t.Errorf("%v: %s, want %s", list, got, want)
		}
	}
	if got := relationship.Standing([]relationship.Commitment{pending}, relationship.Ours, day(21)); got != "late" {
		t.Errorf("pending after its day: %s", got)
	}
}

func TestACommitmentEndsOnce(t *testing.T) {
	t.Parallel()
	c := relationship.Commitment{By: relationship.Ours, Due: day(5), State: relationship.Pending, What: "Llamar"}
	if c.Check(day(6)) == nil || c.Check(day(5)) != nil {
		t.Error("a date in the past is refused, today is not")
	}
	if err := c.End("odd", day(5)); err == nil {
		t.Error("an odd end was taken")
	}
	if err := c.End(relationship.Kept, day(5)); err != nil || c.Late(day(99)) {
		t.Errorf("%v", err)
	}
	if err := c.End(relationship.Broken, day(6)); err == nil || c.State != relationship.Kept {
		t.Error("it ended twice")
	}
}

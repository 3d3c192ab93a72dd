package backtest

import "hastaluego/internal/forecast"

// Verdict is what a backtest comes to.
type Verdict string

// The verdicts. Too few is said of fewer than needed of those who left or stayed; no
// signal where the area may be a half, or the loss is not surely below that of the rate.
const (
	Learned  Verdict = "learned"
	NoSignal Verdict = "no_signal"
	TooFew   Verdict = "too_few"
)

// needed are how many must have left, and stayed, for a model to be used; least, for it to
// be looked at at all.
const (
	needed = 150
	least  = 30
)

// Why a column is not looked at.
type Why string

// The reasons. Those that begin with leak ask a person: the column seems to know what
// happened.
const (
	WhyID        Why = "identifier"
	WhyTarget    Why = "target"
	WhyTime      Why = "time"
	WhyLeft      Why = "left"
	WhyDropped   Why = "dropped"
	WhyEmpty     Why = "empty"
	WhyConstant  Why = "constant"
	WhyProse     Why = "prose"
	WhySame      Why = "same"
	LeakArea     Why = "leak_area"
	LeakPure     Why = "leak_pure"
	LeakFilled   Why = "leak_filled"
	LeakOnly     Why = "leak_only"
	LeakRecorded Why = "leak_recorded"
)

// Leak reports whether a person is to be asked.
func (w Why) Leak() bool { return len(w) > 4 && w[:4] == "leak" }

// Interval is a figure with its interval at 95 %.
type Interval struct {
	Low   float64 `json:"low"`
	Point float64 `json:"point"`
	High  float64 `json:"high"`
}

// Field is what is said of a column.
type Field struct {
	Name     string  `json:"name"`
	Type     Type    `json:"type"`
	Missing  int     `json:"missing"`
	Distinct int     `json:"distinct"`
	More     bool    `json:"distinct_more,omitempty"` // than distinct says
	Odd      int     `json:"unreadable,omitempty"`
	OddCell  string  `json:"unreadable_example,omitempty"`
	Form     string  `json:"date_form,omitempty"`
	Used     bool    `json:"used"`
	Why      Why     `json:"left_out,omitempty"`
	Same     string  `json:"same_as,omitempty"`
	Area     float64 `json:"auc_alone,omitempty"`
	Rows     int     `json:"leak_rows,omitempty"` // that the finding rests on
	Kept     bool    `json:"kept_by_person,omitempty"`
}

// Figures are how well rows that were left out are foretold.
type Figures struct {
	Area         Interval `json:"auc"`
	Precision    float64  `json:"average_precision"`
	Brier        float64  `json:"brier"`
	BrierOfRate  float64  `json:"brier_of_rate"`
	Loss         float64  `json:"log_loss"`
	LossOfRate   float64  `json:"log_loss_of_rate"`
	Gain         Interval `json:"log_loss_gain"` // of the rate's loss less this, ± 2 standard errors
	Intercept    float64  `json:"calibration_intercept"`
	Slope        float64  `json:"calibration_slope"`
	Miscalibrate float64  `json:"ece"`
}

// Round is one way to leave rows out.
type Round struct {
	Name    string  `json:"name"`
	Rows    int     `json:"rows"`
	Events  int     `json:"events"`
	Figures Figures `json:"figures"`
}

// Span is one part of rows that lie next to each other when ordered by chance.
type Span struct {
	Rows   int      `json:"rows"`
	Events int      `json:"events"`
	Chance float64  `json:"foretold"`
	Seen   Interval `json:"seen"`
}

// Top is what acting on the tenth of rows with the highest chances would have met.
type Top struct {
	Rows   int     `json:"rows"`
	Events int     `json:"events"`
	Caught float64 `json:"caught"` // share of all who left
	Lift   float64 `json:"lift"`
	// How many days before they left: quartiles over those who did. Absent where no date
	// of leaving is in the file.
	Early *Early `json:"days_before,omitempty"`
}

// Early are quartiles of days.
type Early struct {
	Rows   int     `json:"rows"`
	First  float64 `json:"first_quartile"`
	Median float64 `json:"median"`
	Third  float64 `json:"third_quartile"`
}

// Part is what one bin of a column says.
type Part struct {
	Label  string  `json:"label"`
	Rows   int     `json:"rows"`
	Events int     `json:"events"`
	Effect float64 `json:"effect"` // on the log odds, on average
	From   float64 `json:"-"`      // of numbers: above this
	To     float64 `json:"-"`      // and up to this
	Kind   string  `json:"kind"`   // number, word, missing, rare
}

// Driver is a column and how much it moves chances.
type Driver struct {
	Column string  `json:"column"`
	Weight float64 `json:"weight"` // mean absolute effect on the log odds
	Parts  []Part  `json:"parts"`
}

// Model is what was chosen and what else was tried.
type Model struct {
	Kind  forecast.Kind `json:"kind"`
	Rows  int           `json:"rows_to_choose"`
	Tried []Tried       `json:"tried"`
}

// Tried is one way to foretell, by rows that were left out within those learned from.
type Tried struct {
	Kind   forecast.Kind `json:"kind"`
	Smooth float64       `json:"smooth,omitempty"`
	Depth  int           `json:"depth,omitempty"`
	Trees  int           `json:"trees,omitempty"`
	Loss   float64       `json:"log_loss"`
	Gain   float64       `json:"gain"`
	StdErr float64       `json:"gain_se"`
	Chosen bool          `json:"chosen"`
}

// Stated is what a stated rate changes.
type Stated struct {
	Rate   float64 `json:"stated"`
	Sample float64 `json:"sample"`
	Before float64 `json:"mean_before"` // of chances
	After  float64 `json:"mean_after"`  // of chances, where rows are as frequent as stated
}

// Report is what a backtest comes to. Its JSON is documented in docs/reference/backtest.md.
type Report struct {
	Verdict Verdict `json:"verdict"`
	Rows    int     `json:"rows"`
	Unknown int     `json:"rows_without_target"`
	Events  int     `json:"events"`
	Rate    float64 `json:"rate"`
	Need    int     `json:"needed"`
	Target  string  `json:"target"`
	Event   string  `json:"event"`
	ID      string  `json:"id"`
	People  int     `json:"customers"`
	// Way is how rows were left out: folds, time or file.
	Way     string   `json:"validation"`
	Fields  []Field  `json:"columns"`
	Rounds  []Round  `json:"rounds"`
	Figures *Figures `json:"figures,omitempty"` // the mean over rounds
	Top     *Top     `json:"top_decile,omitempty"`
	Deciles []Span   `json:"deciles,omitempty"`
	Drivers []Driver `json:"drivers,omitempty"`
	Model   *Model   `json:"model,omitempty"`
	Stated  *Stated  `json:"base_rate,omitempty"`
	// Suspicious says that all columns together foretell better than one hopes for: a
	// person is to look for one that knows what happened.
	Suspicious bool `json:"suspicious,omitempty"`
}

// Score is what a row that was left out was told.
type Score struct {
	ID      string
	Line    int
	Left    bool
	Chance  float64
	Logit   float64
	Base    float64
	Effects []float64 // of the columns that Columns names
}

// Scores are what rows were told, with the columns whose effects they have.
type Scores struct {
	Columns []string
	Rows    []Score
}

package ldapsystem

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestInstantsOfDirectoriesAreRead(t *testing.T) {
	t.Parallel()
	utc := func(y int, mo time.Month, d, h, mi, s, ns int) time.Time {
		return time.Date(y, mo, d, h, mi, s, ns, time.UTC)
	}
	for _, c := range []struct {
		form, value string
		want        time.Time
		bad         bool
	}{
		{Generalized, "20261127123015Z", utc(2026, 11, 27, 12, 30, 15, 0), false},
		{Generalized, "20261127123015.123456Z", utc(2026, 11, 27, 12, 30, 15, 123456000), false},
		{Generalized, "20261127123015,5-0500", utc(2026, 11, 27, 17, 30, 15, 500000000), false},
		{Generalized, "202611271230+01", utc(2026, 11, 27, 11, 30, 0, 0), false},
		{Generalized, "2026112712.25Z", utc(2026, 11, 27, 12, 15, 0, 0), false},
		{Generalized, "202611271230.5Z", utc(2026, 11, 27, 12, 30, 30, 0), false},
		{Generalized, "20280229000000Z", utc(2028, 2, 29, 0, 0, 0, 0), false},
		{Generalized, "20270229000000Z", time.Time{}, true},
		{Generalized, "20261127123015", time.Time{}, true},
		{Generalized, "2026-11-27T12:30:15Z", time.Time{}, true},
		{Generalized, "", time.Time{}, true},
		{FileTime, "133769664000000000", utc(2024, 11, 25, 0, 0, 0, 0), false},
		{FileTime, "116444736000000001", utc(1970, 1, 1, 0, 0, 0, 100), false},
		{FileTime, "0", time.Time{}, false},
		{FileTime, "9223372036854775807", time.Time{}, false},
		{FileTime, "-1", time.Time{}, true},
		{FileTime, "20261127123015Z", time.Time{}, true},
		{Seconds, "1795782615", utc(2026, 11, 27, 12, 30, 15, 0), false},
		{Seconds, "0", time.Time{}, false},
		{Seconds, "253402300800", time.Time{}, true},
	} {
		got, err := SignedIn{Form: c.form}.at(c.value)
		if (err != nil) != c.bad || !got.Equal(c.want) {
			t.Errorf("%s %q: %v, %v; want %v", c.form, c.value, got, err, c.want)
		}
	}
	for name, want := range map[string]string{"lastLogonTimestamp": FileTime, "LASTLOGON": FileTime, "pwdLastSuccess": Generalized, "authTimestamp": Generalized} {
		if got := (SignedIn{Attribute: name}).defaults().Form; got != want {
			t.Errorf("%s is written as %s", name, got)
		}
	}
}

// Whatever instant there is, it is read as it was written, in whatever zone.
func TestAnInstantIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(0, lastSecond-86400).Draw(t, "seconds"), rapid.Int64Range(0, 999999).Draw(t, "micros")*1000)
		there := at.In(time.FixedZone("", rapid.IntRange(-14*60, 14*60).Draw(t, "minutes off")*60))
		zoned, whole := there.Format("20060102150405.000000-0700"), at.UTC().Truncate(time.Second)
		if got, err := (SignedIn{Form: Generalized}).at(zoned); err != nil || !got.Equal(at) {
			t.Fatalf("%s: %v %v, want %v", zoned, got, err, at)
		}
		if got, err := (SignedIn{Form: Generalized}).at(whole.Format("20060102150405Z")); err != nil || !got.Equal(whole) {
			t.Fatalf("%v %v, want %v", got, err, whole)
		}
	})
}

// Whatever stands in an entry, reading it ends in an instant that can be written, or
// in an error.
func FuzzInstants(f *testing.F) {
	for _, seed := range []string{"20261127123015.5+0100", "133769664000000000", "9223372036854775807", "00010101000000+1400", "99991231235959-1400", "2026112712,Z"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		for _, form := range forms {
			at, err := SignedIn{Form: form}.at(value)
			if err != nil && !at.IsZero() {
				t.Errorf("%s %q: %v and %v", form, value, at, err)
			}
			if _, err := at.MarshalText(); err != nil {
				t.Errorf("%s %q: %v", form, value, err)
			}
		}
	})
}

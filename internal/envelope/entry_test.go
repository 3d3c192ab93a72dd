package envelope_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/envelope"
	"hastaluego/internal/testkit"
	"hastaluego/internal/testkit/peers"
)

func TestEntriesComeBackAsTheyWerePacked(t *testing.T) {
	t.Parallel()
	word := rapid.StringMatching(`[a-zñ<>&"' \n{}\\]{0,12}`)
	rapid.Check(t, func(t *rapid.T) {
		var want []envelope.Entry
		for range rapid.IntRange(1, 6).Draw(t, "entries") {
			e := envelope.Entry{Title: word.Draw(t, "title"), User: word.Draw(t, "user"), Password: "x" + word.Draw(t, "password"), Address: word.Draw(t, "address"), Note: word.Draw(t, "note")}
			for _, s := range []*string{&e.Title, &e.User, &e.Password, &e.Address, &e.Note} {
				*s = strings.TrimSpace(*s)
			}
			want = append(want, e)
		}
		if got := envelope.Unpack(envelope.Pack(append(want, envelope.Entry{Title: "nothing in it"}))); !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v came back as %+v", want, got)
		}
	})
}

func TestWhatOpensNothingIsNotPacked(t *testing.T) {
	t.Parallel()
	for _, list := range [][]envelope.Entry{
		nil, {{}}, {{Title: "Servidor", Password: " \n"}}, {{User: "ana"}}, {{Password: "x"}, {User: "ana", Address: "https://a.example"}},
	} {
		if got := envelope.Pack(list); got != "" {
			t.Errorf("%+v is packed as %s", list, got)
		}
	}
	if envelope.Pack([]envelope.Entry{{Note: "8 5 2 1 3"}}) == "" {
		t.Error("a note alone is not packed")
	}
}

// texts are what an envelope may hold, and how many entries that is.
var texts = map[string]int{
	`{"entries":[{"title":"Correo","user":"ana@almena.example","password":"a\"b<c>&d'\\ñ 漢🔑","address":"https://mail.example/?a=1&b=2","note":"Dos\nlíneas"}]}`: 1,
	`{"entries":[{"password":"x"},{"note":"8 5 2"}]}`: 2,
	`{"entries":[]}`: 0,
	`{"entries":[{"password":"x","totp":"y"}]}`:  0,
	`{"entries":[{"password":7}]}`:               0,
	`{"entries":["x"]}`:                          0,
	`{"entries":[[]]}`:                           0,
	`{"entries":[{"password":"x"}],"more":true}`: 0,
	`{"entries":[{"password":"x"}]} and more`:    0,
	`llave-inconfundible`:                        0,
	`"text"`:                                     0,
	`null`:                                       0,
	`[]`:                                         0,
	`{`:                                          0,
	`{"entries":[` + strings.Repeat(`{"password":"x"},`, envelope.MostEntries) + `{"password":"x"}]}`: 0,
}

// The browser reads and writes what the server does, and a reader that others wrote
// finds in the file for KeePass what was typed.
func TestABrowserMakesTheFilesOfPasswordManagers(t *testing.T) {
	t.Parallel()
	var list []string
	for text := range texts {
		list = append(list, text)
	}
	out, err := peers.RunNode(testkit.Root(t), "passwords.mjs", list...)
	if err != nil {
		t.Fatal(err)
	}
	type login struct {
		URIs               []struct{ URI string }
		Username, Password *string
	}
	var said []struct {
		Entries   []envelope.Entry
		Packed    string
		XML       string
		Bitwarden map[string]any
		Keepass   struct {
			Name, Made string
			Entries    []map[string]any
		}
	}
	if err := json.Unmarshal([]byte(out), &said); err != nil || len(said) != len(list) {
		t.Fatalf("%v: %s", err, out)
	}
	for i, text := range list {
		got, want := said[i], envelope.Unpack(text)
		if len(want) != texts[text] || len(got.Entries) != len(want) || len(want) > 0 && !reflect.DeepEqual(got.Entries, want) {
			t.Errorf("%s is read as %+v here and as %+v there", text, want, got.Entries)
			continue
		}
		if again := envelope.Unpack(got.Packed); len(want) > 0 && !reflect.DeepEqual(again, want) {
			t.Errorf("%s is packed as %s there", text, got.Packed)
		}
		// What Bitwarden documents of its unencrypted export
		// (bitwarden.com/help/condition-bitwarden-import).
		raw, _ := json.Marshal(got.Bitwarden)
		var b struct {
			Encrypted *bool
			Folders   []any
			Items     []struct {
				ID, Name      string
				Notes         *string
				Type          int
				Favorite      *bool
				Login         login
				CollectionIDs []string
			}
		}
		if err := json.Unmarshal(raw, &b); err != nil || b.Encrypted == nil || *b.Encrypted || b.Folders == nil || len(b.Items) != len(want) {
			t.Fatalf("%v: %s", err, raw)
		}
		if got.Keepass.Name != "Servidor & <correo>" || got.Keepass.Made != "2026-11-28T20:00:00.000Z" || len(got.Keepass.Entries) != len(want) {
			t.Fatalf("KeePass: %+v of %s", got.Keepass, got.XML)
		}
		for n, e := range want {
			x, k := b.Items[n], got.Keepass.Entries[n]
			title, above := e.Title, "Servidor & <correo>"
			if title == "" {
				title = "Servidor"
			} else {
				above = title
			}
			if x.Type != 1 || x.Name != title || len(x.ID) != 36 || x.Favorite == nil || or(x.Notes) != e.Note || or(x.Login.Username) != e.User || or(x.Login.Password) != e.Password {
				t.Errorf("Bitwarden: %+v of %+v", x, e)
			}
			if (e.Address == "") != (len(x.Login.URIs) == 0) || e.Address != "" && x.Login.URIs[0].URI != e.Address {
				t.Errorf("Bitwarden opens %+v of %+v", x.Login.URIs, e)
			}
			fields := map[string]any{"Title": above, "UserName": e.User, "Password": map[string]any{"hidden": e.Password}, "URL": e.Address, "Notes": e.Note}
			if !reflect.DeepEqual(k, fields) {
				t.Errorf("KeePass: %+v of %+v", k, e)
			}
		}
	}
}

func or(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func FuzzUnpack(f *testing.F) {
	for text := range texts {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list := envelope.Unpack(text)
		packed := envelope.Pack(list)
		if packed == "" {
			return
		}
		if again := envelope.Pack(envelope.Unpack(packed)); again != packed {
			t.Errorf("%q is packed as %q and then as %q", text, packed, again)
		}
	})
}

package httpsystem_test

import (
	"fmt"
	"strings"
	"testing"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
	"hastaluego/internal/text"
)

const chat = `systems:
  chat:
    kind: http
    base_url: https://chat.example
    with: {room: lobby}
    effect: verifiable
    ping: {method: GET, path: /me}
    messages:
      call: {method: POST, path: "/rooms/{room}", body: {text: "{code} {event} {step} {customer} {effective}"}}
      undone: {method: POST, path: "/rooms/{room}", form: {text: "{code}"}}
`

// What was said in a chat cannot be read back: a lost answer is a person's to judge.
func TestASystemThatIsToldSaysWhatALostAnswerMeans(t *testing.T) {
	t.Parallel()
	for effect, want := range map[string]connector.EffectClass{"verifiable": connector.Ask, "ask": connector.Ask, "idempotent": connector.Idempotent} {
		all, err := load("systems.yaml", []byte(strings.Replace(chat, "effect: verifiable", "effect: "+effect, 1)))
		if err != nil {
			t.Fatal(err)
		}
		s := open(t, all[0]).Connector()
		if info := s.Notifier.Info(); info.Effect != want || fmt.Sprint(s.Can()) != "[messages]" {
			t.Errorf("%s: %+v, it can %v", effect, info, s.Can())
		}
	}
}

func TestWhatIsWrongWithMessagesIsToldWithItsPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ old, with, want string }{
		{"    ping: {method: GET, path: /me}\n", "", "2:3 system.needs /systems/chat/ping"},
		{"method: POST, path: \"/rooms/{room}\", body", "method: GET, path: \"/rooms/{room}\", body", "9:22 system.word /systems/chat/messages/call/method"},
		{"{step}", "{secret}", "9:57 system.body_slot /systems/chat/messages/call/body"},
		{"with: {room: lobby}", "with: {room: lobby, code: x}", "5:31 system.slot_name /systems/chat/with/code"},
		{"      undone: {method: POST, path: \"/rooms/{room}\", form: {text: \"{code}\"}}\n", "", "9:7 system.missing /systems/chat/messages/undone/method; 9:7 system.missing /systems/chat/messages/undone/path"},
		{"form: {text", "take: {a: b}, form: {text", "10:59 system.not_here /systems/chat/messages/undone/take"},
		{"messages:", "message:", "8:5 system.unknown_key /systems/chat/message"},
	} {
		src := strings.Replace(chat, c.old, c.with, 1)
		if src == chat {
			t.Fatalf("%q is not there", c.old)
		}
		_, err := load("systems.yaml", []byte(src))
		var told []string
		for _, e := range fault.Fields(err) {
			told = append(told, fmt.Sprintf("%s %s %s", strings.TrimPrefix(fmt.Sprint(e.Args[1]), "systems.yaml:"), e.Code, e.Field))
			if !text.Known("es", "error."+e.Code) || !text.Known("en", "error."+e.Code) {
				t.Errorf("no words for %s", e.Code)
			}
		}
		if got := strings.Join(told, "; "); got != c.want {
			t.Errorf("%q:\n got %s\nwant %s", c.with, got, c.want)
		}
	}
}

package seal_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"filippo.io/age"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"hastaluego/internal/audit"
	"hastaluego/internal/fault"
	"hastaluego/internal/seal"
)

func TestTheFirstStartMakesAPrivateFolder(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	k := opened(t, dir)
	known(t, k)
	if err := k.AppendCheckpoint("x"); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]os.FileMode{
		"master.key": 0o600, "log.key": 0o600, "log.pub": 0o644, "checkpoints.log": 0o600,
		"keys.db": 0o600, "keys.db-wal": 0o600, "keys.db-shm": 0o600,
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		if mode, ok := want[f.Name()]; !ok || info.Mode().Perm() != mode {
			t.Errorf("%s %v", f.Name(), info.Mode())
		}
	}
	if info, _ := os.Stat(dir); info.Mode().Perm() != 0o700 {
		t.Error(info.Mode())
	}
}

func TestKeysSurviveARestart(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	k := opened(t, dir)
	keyID, sealed := known(t, k)
	link, public := k.HMACKey("link"), k.LogPublic()
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := seal.OpenKeys(t.Context(), dir, "")
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if plain, err := again.Open(t.Context(), keyID, sealed, []byte("aud_1")); err != nil || string(plain) != "her name" {
		t.Error(string(plain), err)
	}
	if !bytes.Equal(link, again.HMACKey("link")) || bytes.Equal(link, again.HMACKey("other")) || len(link) != 32 {
		t.Error("the same name gives the same key, another name another")
	}
	if again.LogPublic() != public {
		t.Error(again.LogPublic())
	}
}

func TestPapersAreSignedWithOneKeyForAsLongAsTheMasterKeyLives(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	k := opened(t, dir)
	key, cert, err := k.PaperSigner()
	if err != nil {
		t.Fatal(err)
	}
	if cert.Subject.CommonName != "hasta-luego/test" || !key.PublicKey.Equal(cert.PublicKey) {
		t.Error(cert.Subject)
	}
	if err := cert.CheckSignature(cert.SignatureAlgorithm, cert.RawTBSCertificate, cert.Signature); err != nil {
		t.Error(err)
	}
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	again := opened(t, dir)
	if other, same, err := again.PaperSigner(); err != nil || !other.Equal(key) || !same.Equal(cert) {
		t.Error("another start signs with another key", err)
	}
	// Carried elsewhere, as a backup does it.
	who, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	var carried bytes.Buffer
	if _, err := again.Export(t.Context(), &carried, who.Recipient()); err != nil {
		t.Fatal(err)
	}
	there := folder(t)
	if _, err := seal.Import(t.Context(), there, nil, &carried, who); err != nil {
		t.Fatal(err)
	}
	if other, same, err := opened(t, there).PaperSigner(); err != nil || !other.Equal(key) || !same.Equal(cert) {
		t.Error("carried elsewhere, it signs with another key", err)
	}
	if other, _, err := opened(t, folder(t)).PaperSigner(); err != nil || other.Equal(key) {
		t.Error("another house signs with the same key", err)
	}
}

func TestTheLogIsSignedByTheKeyThatIsPublished(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	k := opened(t, dir)
	text, err := audit.Sign(k.LogSigner(), 7, tlog.Hash{})
	if err != nil {
		t.Fatal(err)
	}
	public, err := os.ReadFile(filepath.Join(dir, "log.pub"))
	if err != nil || string(public) != k.LogPublic()+"\n" {
		t.Fatal(string(public), err)
	}
	published, err := note.NewVerifier(strings.TrimSpace(string(public)))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []note.Verifier{published, k.LogVerifier()} {
		if c, err := audit.OpenCheckpoint(text, v); err != nil || c.Size != 7 || c.Origin != "hasta-luego/test" {
			t.Error(c, err)
		}
	}
}

func TestManyProcessesMayStartAtOnce(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	var wg sync.WaitGroup
	public := make([]string, 8)
	for i := range public {
		wg.Go(func() {
			k, err := seal.OpenKeys(t.Context(), dir, "test")
			if err != nil {
				t.Error(err)
				return
			}
			defer k.Close()
			public[i] = k.LogPublic() + string(k.HMACKey("x"))
		})
	}
	wg.Wait()
	for _, p := range public {
		if p != public[0] {
			t.Error("two processes have different keys")
		}
	}
}

func TestWhatOthersMayReadIsRefused(t *testing.T) {
	t.Parallel()
	for _, name := range []string{".", "master.key", "log.key", "keys.db"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := folder(t)
			_ = opened(t, dir).Close()
			path := filepath.Join(dir, name)
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, info.Mode().Perm()|0o040); err != nil {
				t.Fatal(err)
			}
			_, err = seal.OpenKeys(t.Context(), dir, "test")
			if fault.KindOf(err) != fault.Invalid || fault.CodeOf(err) != "seal.permissions" {
				t.Error(err)
			}
		})
	}
}

func TestALostOrStrangeKeyIsNeverReplacedInSilence(t *testing.T) {
	t.Parallel()
	strange := folder(t)
	_ = opened(t, strange).Close()
	take := func(t *testing.T, name, dir string) {
		t.Helper()
		b, err := os.ReadFile(filepath.Join(strange, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for want, harm := range map[string]func(t *testing.T, dir string){
		"seal.master_missing":  func(_ *testing.T, dir string) { _ = os.Remove(filepath.Join(dir, "master.key")) },
		"seal.log_key_missing": func(_ *testing.T, dir string) { _ = os.Remove(filepath.Join(dir, "log.key")) },
		"seal.master_wrong":    func(t *testing.T, dir string) { take(t, "master.key", dir) },
		"seal.log_key_wrong": func(_ *testing.T, dir string) {
			_ = os.WriteFile(filepath.Join(dir, "log.key"), []byte("PRIVATE+KEY+x"), 0o600)
		},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			eachEngine(t, func(t *testing.T, e engine) {
				harm(t, e.Dir)
				var err error
				if e.Table == "subject_key" {
					_, err = seal.OpenKeys(t.Context(), e.Dir, "test")
				} else {
					_, err = seal.OpenKeysPostgres(t.Context(), e.Dir, "test", e.DB)
				}
				if fault.KindOf(err) != fault.Invalid || fault.CodeOf(err) != want {
					t.Error(err)
				}
			})
		})
	}
	dir := folder(t)
	_ = opened(t, dir).Close()
	if _, err := seal.OpenKeys(t.Context(), dir, "other"); fault.CodeOf(err) != "seal.log_key_wrong" {
		t.Error("the log of another company:", err)
	}
}

func TestCheckpointsAreKeptInTheirOrder(t *testing.T) {
	t.Parallel()
	k := opened(t, folder(t))
	if got, err := k.ReadCheckpoints(); err != nil || len(got) != 0 {
		t.Error(got, err)
	}
	for _, text := range []string{"a\n1\n\n— a x\n", "b <&>\n"} {
		if err := k.AppendCheckpoint(text); err != nil {
			t.Fatal(err)
		}
	}
	got, err := k.ReadCheckpoints()
	if err != nil || len(got) != 2 || got[0] != "a\n1\n\n— a x\n" || got[1] != "b <&>\n" {
		t.Errorf("%q %v", got, err)
	}
}

func TestALineThatACrashCutOffIsLeftOutAndHarmsNoOther(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	k := opened(t, dir)
	path := filepath.Join(dir, "checkpoints.log")
	_ = k.AppendCheckpoint("first")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(whole) {
		if err := os.WriteFile(path, append(bytes.Clone(whole), whole[:cut]...), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := k.ReadCheckpoints(); err != nil || len(got) != 1 {
			t.Errorf("%q %v", got, err)
		}
		if err := k.AppendCheckpoint("second"); err != nil {
			t.Fatal(err)
		}
		if got, err := k.ReadCheckpoints(); err != nil || len(got) != 2 || got[0] != "first" || got[1] != "second" {
			t.Errorf("%q %v", got, err)
		}
	}
	if err := os.WriteFile(path, append([]byte("rubbish\n"), whole...), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, _ := k.ReadCheckpoints(); len(got) != 2 || got[0] != "rubbish" {
		t.Errorf("a changed line is for the verifier to refuse: %q", got)
	}
}

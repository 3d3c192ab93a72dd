package doctor

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// LookAtRoom says how much is left on the disk of a folder: under least is a
// fault, under low a warning.
func LookAtRoom(folder string, least, low int64) []Finding {
	var st syscall.Statfs_t
	if err := syscall.Statfs(folder, &st); err != nil {
		return []Finding{found(Fault, "disk.gone", "folder", folder)}
	}
	free := int64(st.Bavail) * int64(st.Bsize)
	switch mb := strconv.FormatInt(free>>20, 10); {
	case free < least:
		return []Finding{found(Fault, "disk.full", "folder", folder, "mb", mb)}
	case free < low:
		return []Finding{found(Warning, "disk.low", "folder", folder, "mb", mb)}
	}
	return nil
}

// LookAtFolder tries whether something can be written there.
func LookAtFolder(folder string) []Finding {
	f, err := os.CreateTemp(folder, ".doctor-*")
	if err != nil {
		return []Finding{found(Fault, "disk.no_writing", "folder", folder)}
	}
	_ = f.Close()
	_ = os.Remove(f.Name())
	return nil
}

// LookAtReach is LookAtMode for a file that nobody reaches whose folder is
// closed to them.
func LookAtReach(code, path string) []Finding {
	if folder, err := os.Stat(filepath.Dir(path)); err == nil && folder.Mode().Perm()&0o077 == 0 {
		return nil
	}
	return LookAtMode(code, path)
}

// LookAtMode says whether others than its owner may open a file; one that is
// not there is for others to miss.
func LookAtMode(code, path string) []Finding {
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	return []Finding{found(Fault, code, "file", path, "mode", mode(info.Mode()))}
}

func mode(m fs.FileMode) string { return fmt.Sprintf("%04o", m.Perm()) }

func seconds(d time.Duration) string {
	return strconv.FormatInt(int64(d.Round(time.Second)/time.Second), 10)
}

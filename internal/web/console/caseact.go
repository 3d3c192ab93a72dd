package console

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/text"
)

func (v *visit) approve() error {
	step, note := v.r.PathValue("step"), v.form.Get("note")
	err := v.App.Approve(v.r.Context(), v.actor, v.caseID(), step, v.form.Get("decision") == "yes", note)
	return v.after(err, echo{Step: step, Typed: note}, "#"+step)
}

func (v *visit) reopen() error {
	step := v.r.PathValue("step")
	return v.after(v.App.ReopenStep(v.r.Context(), v.actor, v.caseID(), step), echo{Step: step}, "#"+step)
}

func (v *visit) retry() error {
	step := v.r.PathValue("step")
	return v.after(v.App.RetryStep(v.r.Context(), v.actor, v.caseID(), step), echo{Step: step}, "#"+step)
}

func (v *visit) skip() error {
	in := app.CompleteInput{Case: v.caseID(), Step: v.r.PathValue("step"), Note: v.form.Get("note")}
	return v.after(v.App.SkipStep(v.r.Context(), v.actor, in), echo{Step: in.Step, Typed: in.Note}, "#"+in.Step)
}

func (v *visit) undone() error {
	in := app.CompleteInput{Case: v.caseID(), Step: v.r.PathValue("step"), Note: v.form.Get("note")}
	return v.after(v.App.UndoTask(v.r.Context(), v.actor, in), echo{Step: in.Step, Typed: in.Note}, "#"+in.Step)
}

// pauseView asks why a case is to be paused.
type pauseView struct {
	Lang, ID, Code, Name string
	Why                  control
	May                  bool
	Who                  string
}

func (v *visit) pauseForm() error { return v.showPause(http.StatusOK, "", nil) }

func (v *visit) showPause(status int, typed string, wrong error) error {
	c, err := v.App.OpenCase(v.r.Context(), v.actor, v.caseID())
	if err != nil {
		return err
	}
	pv := pauseView{
		Lang: v.lang, ID: string(c.Plan.Case.ID), Code: c.Plan.Case.Code, Name: c.Customer.Name,
		May: v.actor.May("case"), Who: whoMay(v.lang, "case"),
		Why: control{ID: "why", Name: "why", Label: v.say("pause.why"), Hint: v.say("pause.why.hint"), Value: typed, Required: true, Error: text.FieldErrors(v.lang, wrong)["why"]},
	}
	problem := ""
	if wrong != nil {
		problem = v.worded(wrong)
	}
	v.show(status, "inbox", v.say("pause.title"), problem, pausePage(pv))
	return nil
}

func (v *visit) pause() error {
	why := v.form.Get("why")
	err := v.App.PauseCase(v.r.Context(), v.actor, v.caseID(), why)
	if fault.KindOf(err) == fault.Invalid && err != nil {
		return v.showPause(http.StatusUnprocessableEntity, why, err)
	}
	return v.after(err, echo{}, "")
}

func (v *visit) resume() error {
	return v.after(v.App.ResumeCase(v.r.Context(), v.actor, v.caseID()), echo{}, "")
}

// maxUpload is how much one form with a file may hold, in bytes.
const maxUpload = app.MaxEvidence + 1<<20

// attach keeps a file as evidence of a step.
func (v *visit) attach() error {
	step := v.r.PathValue("step")
	name, body, err := v.upload()
	if err == nil {
		err = v.App.AddEvidence(v.r.Context(), v.actor, v.caseID(), step, name, body)
	}
	return v.after(err, echo{Step: step}, "#"+step)
}

// upload reads the file of a form, which is never more than maxUpload.
func (v *visit) upload() (name string, body []byte, err error) {
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, maxUpload)
	parts, err := v.r.MultipartReader()
	if err != nil {
		return "", nil, fault.New(fault.Invalid, "field.required").On("file").At("console.upload", err)
	}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return "", nil, fault.New(fault.Invalid, "field.required").On("file")
		}
		if err != nil {
			return "", nil, tooLarge(err)
		}
		if part.FormName() != "file" || part.FileName() == "" {
			continue
		}
		return readPart(part)
	}
}

func readPart(part *multipart.Part) (string, []byte, error) {
	body, err := io.ReadAll(part)
	if err != nil {
		return "", nil, tooLarge(err)
	}
	return part.FileName(), body, nil
}

func tooLarge(err error) error {
	var big *http.MaxBytesError
	if errors.As(err, &big) {
		return fault.New(fault.TooLarge, "evidence.too_large", "max", app.MaxEvidence>>20).On("file")
	}
	return fault.New(fault.Invalid, "field.invalid").On("file").At("console.upload", err)
}

// file sends evidence as a download: it is never shown in the page.
func (v *visit) file() error {
	b, plain, err := v.App.OpenEvidence(v.r.Context(), v.actor, v.caseID(), v.r.PathValue("blob"))
	if err != nil {
		return err
	}
	return v.download(b.Name, b.Media, plain)
}

// download sends a file to be kept.
func (v *visit) download(name, media string, plain []byte) error {
	h := v.w.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set("Content-Length", strconv.Itoa(len(plain)))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "private, no-store")
	if _, err := v.w.Write(plain); err != nil {
		v.Log.Warn("file not written to its end", "err", err)
	}
	return nil
}

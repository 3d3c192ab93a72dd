package app

import (
	"context"
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"hastaluego/internal/approval"
	"hastaluego/internal/bundle"
	"hastaluego/internal/collection"
	"hastaluego/internal/customer"
	"hastaluego/internal/effort"
	"hastaluego/internal/erasure"
	"hastaluego/internal/fault"
	"hastaluego/internal/handover"
	"hastaluego/internal/invitation"
	"hastaluego/internal/money"
	"hastaluego/internal/obligation"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/offer"
	"hastaluego/internal/pushed"
	"hastaluego/internal/reason"
	"hastaluego/internal/relationship"
	"hastaluego/internal/retrieval"
	"hastaluego/internal/signal"
	"hastaluego/internal/stray"
	"hastaluego/internal/voice"
	"hastaluego/internal/when"
	"hastaluego/internal/winback"
)

// holding is a customer and their departures, of which a bundle tells.
type holding struct {
	customer.Customer
	plans    []offboarding.Plan // newest first
	requests []offboarding.Request
	copies   []retrieval.Copy // newest first
}

// heldFile is one file of a bundle: the rows of which tables it tells, and how.
type heldFile struct {
	tables string // names, with spaces between
	name   string
	header string // columns, as bundle.Fields reads them
	rows   func(ctx context.Context, a *App, tx Tx, h *holding) ([][]string, error)
}

// heldFiles are the tables of a bundle. What erasing reaches is told here, or
// stands in untold with why not; a test compares them.
var heldFiles = []heldFile{
	{"customer", "customer.csv", "reference name kind consumer:boolean country region language segment since:datetime", func(_ context.Context, _ *App, _ Tx, h *holding) ([][]string, error) {
		return [][]string{{
			h.Reference, h.Name, string(h.Kind), strconv.FormatBool(h.Consumer), h.Country, h.Region, h.Language, h.Segment, stamp(h.CreatedAt),
		}}, nil
	}},
	{"contact", "contacts.csv", "name email role language", func(ctx context.Context, _ *App, tx Tx, h *holding) ([][]string, error) {
		list, err := tx.ContactsOf(ctx, h.ID)
		return rowsOf(list, func(x customer.Contact) []string { return []string{x.Name, x.Email, string(x.Role), x.Language} }), err
	}},
	{"external_id", "numbers_elsewhere.csv", "system value", func(ctx context.Context, _ *App, tx Tx, h *holding) ([][]string, error) {
		list, err := tx.ExternalIDsOf(ctx, h.ID)
		return rowsOf(list, func(x customer.ExternalID) []string { return []string{x.System, x.Value} }), err
	}},
	{
		"subscription", "subscriptions.csv",
		"reference product plan amount_minor:integer currency interval start:date paid_until:date term_end:date renews_on:date notice_days:integer lock_in_until:date not_renewed:boolean status engagement billed " +
			"tax_percent tax_on_top:boolean trial_until:date exit_fee exit_fee_for exit_fee_from:date exit_fee_minor:integer exit_fee_percent:integer benefit_minor:integer tells_users:boolean minimum_until:date later_prices",
		func(ctx context.Context, _ *App, tx Tx, h *holding) ([][]string, error) {
			list, err := tx.SubscriptionsOf(ctx, h.ID)
			return rowsOf(list, func(x customer.Subscription) []string {
				return []string{
					x.Reference, x.Product, x.Plan, minor(x.Amount), x.Amount.Currency, string(x.Interval), x.Start.String(), x.PaidUntil.String(),
					x.TermEnd.String(), x.RenewsOn.String(), strconv.Itoa(x.Notice), x.LockIn.String(), strconv.FormatBool(x.NotRenewed), string(x.Status),
					string(x.Engagement.Kind), string(x.Engagement.Billed),
					customer.Percent(x.Terms.Tax.Rate), strconv.FormatBool(x.Terms.Tax.OnTop), x.Terms.Trial.String(), string(x.Terms.ExitFee.Kind), x.Terms.ExitFee.For,
					x.Terms.ExitFee.From.String(), count(x.Terms.ExitFee.Sum), count(x.Terms.ExitFee.Percent), count(x.Terms.ExitFee.Given), strconv.FormatBool(x.Terms.TellsUsers),
					x.Terms.Minimum.String(), customer.PricesText(x.Terms.Prices, x.Amount.Currency),
				}
			}), err
		},
	},
	{"deliverable", "promised.csv", "engagement title due:date delivered:date version format sha256", func(ctx context.Context, _ *App, tx Tx, h *holding) ([][]string, error) {
		lines, err := tx.SubscriptionsOf(ctx, h.ID)
		if err != nil {
			return nil, err
		}
		of := map[customer.SubscriptionID]string{}
		for _, s := range lines {
			of[s.ID] = s.Reference
		}
		list, err := tx.DeliverablesOf(ctx, h.ID)
		return rowsOf(list, func(x customer.Deliverable) []string {
			return []string{of[x.Subscription], x.Title, x.Due.String(), x.Delivered.String(), x.Piece.Version, x.Piece.Format, x.Piece.SHA256}
		}), err
	}},
	{"subscription_past", "subscriptions_before.csv", "subscription until:datetime amount_minor:integer currency interval status", func(ctx context.Context, _ *App, tx Tx, h *holding) ([][]string, error) {
		list, err := tx.PastPricesOf(ctx, h.ID)
		return rowsOf(list, func(x PastPrice) []string {
			return []string{string(x.Subscription), stamp(x.Until), minor(x.Amount), x.Amount.Currency, string(x.Interval), string(x.Status)}
		}), err
	}},
	{"balance", "sums.csv", "reference kind about amount_minor:integer currency due_on:date status tax_minor:integer contract quantity:integer free:integer unit per:integer price_minor:integer tax_percent tax_on_top:boolean pay_url billed_contracts billed_from:date billed_until:date", func(ctx context.Context, _ *App, tx Tx, h *holding) ([][]string, error) {
		list, err := tx.BalancesOf(ctx, h.ID)
		return rowsOf(list, func(x customer.Balance) []string {
			return []string{
				x.Reference, string(x.Kind), x.About, minor(x.Amount), x.Amount.Currency, x.DueOn.String(), string(x.Status), count(x.Tax),
				x.Used.Contract, count(x.Used.Quantity), count(x.Used.Free), x.Used.Unit, count(x.Used.Per), count(x.Used.Price), customer.Percent(x.Used.Tax.Rate), strconv.FormatBool(x.Used.Tax.OnTop), x.PayURL,
				customer.SharesText(x.Billed.Contracts), x.Billed.From.String(), x.Billed.Until.String(),
			}
		}), err
	}},
	{"instalment_plan", "instalments.csv", "departure made:datetime by state sum_minor:integer currency due:date amount_minor:integer paid:date", func(ctx context.Context, _ *App, tx Tx, h *holding) ([][]string, error) {
		var rows [][]string
		for _, p := range h.plans {
			list, err := tx.InstalmentsOf(ctx, p.Case.ID)
			if err != nil {
				return nil, err
			}
			for _, x := range list {
				for _, part := range x.Parts {
					rows = append(rows, []string{
						p.Case.Code, stamp(x.MadeAt), x.MadeBy, string(x.State), minor(x.Sum), x.Sum.Currency, part.On.String(), strconv.FormatInt(part.Minor, 10), part.Paid.String(),
					})
				}
			}
		}
		return rows, nil
	}},
	{"payment_promise", "promises_to_pay.csv", "departure on:date state made:datetime by over:datetime", func(ctx context.Context, _ *App, tx Tx, h *holding) ([][]string, error) {
		return perCase(h, func(c offboarding.CaseID) ([]collection.Promise, error) { return tx.PromisesOf(ctx, c) }, func(x collection.Promise) []string {
			return []string{x.On.String(), string(x.State), stamp(x.MadeAt), x.MadeBy, stamp(x.OverAt)}
		})
	}},
	{
		"stray", "after_the_end.csv", "departure found happened kind system number about amount_minor back_minor currency state over",
		func(ctx context.Context, _ *App, tx Tx, h *holding) ([][]string, error) {
			return perCase(h, func(c offboarding.CaseID) ([]stray.Stray, error) { return tx.StraysOf(ctx, c) }, func(x stray.Stray) []string {
				return []string{
					stamp(x.FoundAt), stamp(x.HappenedAt), string(x.Kind), x.System, x.Far, x.About, minor(x.Amount), minor(x.Back), x.Amount.Currency, string(x.State),
					stamp(x.OverAt),
				}
			})
		},
	},
	{"grant_", "accesses.csv", "system account kind depends_on status ours:boolean", func(ctx context.Context, _ *App, tx Tx, h *holding) ([][]string, error) {
		list, err := tx.GrantsOf(ctx, h.ID)
		return rowsOf(list, func(x customer.Grant) []string {
			return []string{x.System, x.Account, x.Kind, strings.Join(x.DependsOn, " "), string(x.Status), strconv.FormatBool(x.Ours)}
		}), err
	}},
	{"asset", "things.csv", "reference kind name location owner renews_on:date renewal_minor:integer currency payer", func(ctx context.Context, _ *App, tx Tx, h *holding) ([][]string, error) {
		list, err := tx.AssetsOf(ctx, h.ID)
		return rowsOf(list, func(x customer.Asset) []string {
			return []string{x.Reference, x.Kind, x.Name, x.Location, string(x.Owner), x.RenewsOn.String(), count(x.Renewal.Minor), x.Renewal.Currency, string(x.Payer)}
		}), err
	}},
	{"complaint", "complaints.csv", "received:date state what cause answer", func(ctx context.Context, a *App, tx Tx, h *holding) ([][]string, error) {
		list, err := a.complaints(ctx, tx, h.ID)
		return rowsOf(list, func(x relationship.Complaint) []string {
			return []string{x.Received.String(), string(x.State), x.What, x.Cause, x.Answer}
		}), err
	}},
	{"commitment", "commitments.csv", "by due:date state what evidence", func(ctx context.Context, a *App, tx Tx, h *holding) ([][]string, error) {
		list, err := a.commitments(ctx, tx, h.ID)
		return rowsOf(list, func(x relationship.Commitment) []string {
			return []string{string(x.By), x.Due.String(), string(x.State), x.What, x.Evidence}
		}), err
	}},
	{"reading", "readings.csv", "metric day:date value_thousandths:integer", func(ctx context.Context, _ *App, tx Tx, h *holding) (rows [][]string, err error) {
		read, err := tx.ReadingsOf(ctx, h.ID, when.Date{})
		for _, metric := range slices.Sorted(maps.Keys(read)) {
			rows = append(rows, rowsOf(read[metric], func(x signal.Reading) []string {
				return []string{string(metric), x.Day.String(), strconv.FormatInt(x.Value, 10)}
			})...)
		}
		return rows, err
	}},
	{"risk", "ratings.csv", "at:datetime departure band points:integer why", func(ctx context.Context, _ *App, tx Tx, h *holding) ([][]string, error) {
		list, err := tx.RisksOf(ctx, h.ID)
		return rowsOf(list, func(x Risk) []string {
			return []string{stamp(x.At), h.code(x.Case), string(x.Score.Band), strconv.Itoa(x.Score.Points), asJSON(x.Score.Reasons)}
		}), err
	}},
	{"worth", "value.csv", "at:datetime currency low_minor:integer expected_minor:integer high_minor:integer unknown_because how", func(ctx context.Context, _ *App, tx Tx, h *holding) ([][]string, error) {
		list, err := tx.WorthOf(ctx, h.ID)
		return rowsOf(list, func(x Worth) []string {
			low, expected, high := "", "", ""
			if x.Known() {
				low, expected, high = strconv.FormatInt(x.Low, 10), strconv.FormatInt(x.Sum, 10), strconv.FormatInt(x.High, 10)
			}
			return []string{stamp(x.At), x.Currency, low, expected, high, string(x.Why), asJSON(x.Parts)}
		}), err
	}},
	{"effort", "hours.csv", "day:date minutes:integer who what reference recorded:datetime", func(ctx context.Context, a *App, tx Tx, h *holding) ([][]string, error) {
		list, err := a.effortOf(ctx, tx, h.ID)
		return rowsOf(list, func(x effort.Effort) []string {
			return []string{x.Day.String(), strconv.Itoa(x.Minutes), x.Who, x.What, x.Reference, stamp(x.RecordedAt)}
		}), err
	}},
	{"play", "plays.csv", "opened:datetime kind stage outcome plan note", func(ctx context.Context, a *App, tx Tx, h *holding) ([][]string, error) {
		list, err := a.plays(ctx, tx, h.ID)
		return rowsOf(list, func(x PlayView) []string {
			return []string{stamp(x.OpenedAt), string(x.Kind), string(x.Stage), string(x.Outcome), x.Plan, x.Note}
		}), err
	}},
	{"silence", "silence.csv", "since:datetime lifted:datetime", func(ctx context.Context, _ *App, tx Tx, h *holding) ([][]string, error) {
		s, err := tx.SilenceOf(ctx, h.ID)
		if err != nil || s.Since.IsZero() {
			return nil, err
		}
		return [][]string{{stamp(s.Since), stamp(s.Lifted)}}, nil
	}},
	{
		"request", "requests.csv", "code state channel received:datetime name account receipt reference when language verified:datetime verified_by via paper entered:datetime act",
		func(_ context.Context, _ *App, _ Tx, h *holding) ([][]string, error) {
			return rowsOf(h.requests, func(x offboarding.Request) []string {
				return []string{
					x.Code, string(x.State), string(x.Channel), stamp(x.ReceivedAt), x.Name, x.AccountEmail, x.ReceiptEmail, x.Reference,
					string(x.When), x.Language, stamp(x.VerifiedAt), x.VerifiedBy, x.Via, x.Paper, stamp(x.EnteredAt), string(x.Act),
				}
			}), nil
		},
	},
	{"lane_member", "let_go.csv", "way state proposed:datetime decided:datetime answered:datetime over:datetime departure", func(ctx context.Context, _ *App, tx Tx, h *holding) ([][]string, error) {
		list, err := tx.LanesOf(ctx, h.ID)
		if err != nil {
			return nil, err
		}
		var rows [][]string
		for _, m := range list {
			l, err := tx.FindLane(ctx, m.Lane)
			if err != nil {
				return nil, err
			}
			rows = append(rows, []string{string(l.Way), string(m.State), stamp(m.ChosenAt), stamp(m.DecidedAt), stamp(m.Answered), stamp(m.OverAt), h.code(offboarding.CaseID(m.Case))})
		}
		return rows, nil
	}},
	{"exposure", "tried.csv", "departure experiment group given:datetime seen:datetime", func(ctx context.Context, _ *App, tx Tx, h *holding) ([][]string, error) {
		list, err := tx.ExposuresOf(ctx, h.ID)
		if err != nil {
			return nil, err
		}
		var rows [][]string
		for _, x := range list {
			e, err := tx.ExperimentByID(ctx, x.Experiment)
			if err != nil {
				return nil, err
			}
			rows = append(rows, []string{h.code(x.Case), e.Name, x.Arm, stamp(x.Given), stamp(x.Seen)})
		}
		return rows, nil
	}},
	{"way way_node", "pages_met.csv", "code flow law language device place page seen:datetime kind ground line", waysHeld},
	{
		"case_ case_subscription", "departures.csv", "code state subscriptions playbook language zone when effective:date requested:datetime opened:datetime ended:datetime closed:datetime self_told:datetime ends shown due:date back:date",
		func(_ context.Context, _ *App, _ Tx, h *holding) ([][]string, error) {
			return rowsOf(h.plans, func(p offboarding.Plan) []string {
				c := p.Case
				ids, ends := make([]string, len(c.Subscriptions)), make([]string, len(c.Subscriptions))
				for i, s := range c.Subscriptions {
					ids[i], ends[i] = string(s), c.EndOf(s).String()
				}
				return []string{
					c.Code, string(c.State), strings.Join(ids, " "), c.Playbook, c.Language, c.Zone, string(c.When), c.Effective.String(),
					stamp(c.RequestedAt), stamp(c.OpenedAt), stamp(c.EffectiveAt), stamp(c.ClosedAt), stamp(c.SelfTold), strings.Join(ends, " "),
					sumsOf(c.Shown.Totals), c.Shown.DueOn.String(), c.Shown.RefundOn.String(),
				}
			}), nil
		},
	},
	{"data_copy", "copies.csv", "code state asked:datetime opened:datetime until:date over:datetime language", func(_ context.Context, _ *App, _ Tx, h *holding) ([][]string, error) {
		return rowsOf(h.copies, func(x retrieval.Copy) []string {
			return []string{x.Code, string(x.State), stamp(x.AskedAt), stamp(x.OpenedAt), x.Last.String(), stamp(x.OverAt), x.Language}
		}), nil
	}},
	{"push", "pushed.csv", "name push:integer format state rows:integer bytes:integer begun:datetime changed:datetime", func(ctx context.Context, _ *App, tx Tx, h *holding) ([][]string, error) {
		list, err := tx.PushesOf(ctx, h.ID)
		return rowsOf(list, func(x pushed.Push) []string {
			return []string{x.Name, count(x.Number), string(x.Format), string(x.State), count(x.Rows), count(x.Bytes), stamp(x.At), stamp(x.Changed)}
		}), err
	}},
	{"law_case", "law.csv", "departure day:date packs facts", func(ctx context.Context, _ *App, tx Tx, h *holding) ([][]string, error) {
		return perCase(h, func(c offboarding.CaseID) ([]LawDecision, error) {
			d, err := tx.LawOf(ctx, c)
			if err != nil || d.Case == "" {
				return nil, err
			}
			return []LawDecision{d}, nil
		}, func(d LawDecision) []string { return []string{d.Day.String(), asJSON(d.Refs), asJSON(d.Facts)} })
	}},
	{"law_limit", "time_limits.csv", "departure rule law start:datetime end:datetime put_off_from:datetime put_off_at:datetime put_off_why state over:datetime", func(ctx context.Context, a *App, tx Tx, h *holding) (rows [][]string, err error) {
		list, err := tx.LimitsAbout(ctx, h.ID)
		for _, l := range list {
			why, err := a.unseal(ctx, l.KeyID, l.ID, l.Sealed)
			if err != nil {
				return nil, err
			}
			rows = append(rows, []string{h.code(offboarding.CaseID(l.Case)), l.Rule.ID, l.Rule.Cite, stamp(l.Start), stamp(l.End), stamp(l.First), stamp(l.Extended), string(why), string(l.State), stamp(l.Over)})
		}
		return rows, err
	}},
	{"coming", "announced.csv", "subscription kind day:date amount_minor:integer currency", func(ctx context.Context, _ *App, tx Tx, h *holding) ([][]string, error) {
		list, err := tx.AnnouncedFor(ctx, h.ID)
		return rowsOf(list, func(x Announced) []string {
			return []string{string(x.Subscription), string(x.Kind), x.Day.String(), minor(x.Price), x.Price.Currency}
		}), err
	}},
	{"document_check", "letters_checked.csv", "letter paper at:datetime rule result lacks", func(ctx context.Context, _ *App, tx Tx, h *holding) (rows [][]string, err error) {
		list, err := tx.DocumentsAbout(ctx, h.ID)
		for _, d := range list {
			rows = append(rows, rowsOf(d.Checks, func(c DocumentCheck) []string {
				return []string{string(d.Message), d.Paper, stamp(d.At), c.Rule, c.Result.String(), strings.Join(c.Lacks, " ")}
			})...)
		}
		return rows, err
	}},
	{"law_notice", "notices.csv", "subscription kind comes:date told:date state law", func(ctx context.Context, _ *App, tx Tx, h *holding) ([][]string, error) {
		list, err := tx.LawNoticesFor(ctx, h.ID)
		return rowsOf(list, func(x LawNotice) []string {
			return []string{string(x.Subscription), string(x.Kind), x.EventDay.String(), x.Day.String(), x.State, asJSON(x.Told)}
		}), err
	}},
	{"step", "steps.csv", "departure step kind state done:datetime by note items", func(ctx context.Context, a *App, _ Tx, h *holding) (rows [][]string, err error) {
		for _, p := range h.plans {
			p.Steps = slices.Clone(p.Steps)
			for i := range p.Steps {
				p.Steps[i].Items = slices.Clone(p.Steps[i].Items)
			}
			if err := a.openPlan(ctx, &p); err != nil {
				return nil, err
			}
			rows = append(rows, rowsOf(p.Steps, func(s offboarding.Step) []string {
				return []string{p.Case.Code, s.Key, s.Kind, string(s.State), stamp(s.DoneAt), s.DoneBy, s.Note, itemsOf(s)}
			})...)
		}
		return rows, nil
	}},
	{"withdrawal", "withdrawals.csv", "departure declared:datetime state until:datetime refund_by:datetime rule refunds", func(ctx context.Context, _ *App, tx Tx, h *holding) ([][]string, error) {
		return perCase(h, func(c offboarding.CaseID) ([]Withdrawal, error) {
			w, err := tx.WithdrawalOf(ctx, c)
			if fault.KindOf(err) == fault.NotFound {
				return nil, nil
			}
			return []Withdrawal{w}, err
		}, func(x Withdrawal) []string {
			return []string{stamp(x.DeclaredAt), string(x.State), stamp(x.Until), stamp(x.RefundBy), x.Rule, asJSON(x.Refunds)}
		})
	}},
	{"statement", "statements.csv", "departure made:datetime state signed:datetime answered:datetime totals lines", func(ctx context.Context, _ *App, tx Tx, h *holding) ([][]string, error) {
		return perCase(h, func(c offboarding.CaseID) ([]CaseStatement, error) {
			x, err := tx.StatementOf(ctx, c)
			if fault.KindOf(err) == fault.NotFound {
				return nil, nil
			}
			return []CaseStatement{x}, err
		}, func(x CaseStatement) []string {
			return []string{stamp(x.MadeAt), string(x.State), stamp(x.SignedAt), stamp(x.AnsweredAt), totals(x.Doc), asJSON(x.Doc.Sections)}
		})
	}},
	{"books", "billing_said.csv", "contract system at:datetime failed sha256 invoices items balances", func(ctx context.Context, _ *App, tx Tx, h *holding) ([][]string, error) {
		list, err := tx.BooksOf(ctx, h.ID)
		return rowsOf(list, func(b Books) []string {
			return []string{string(b.Subscription), b.System, stamp(b.At), b.Failed, b.Digest, asJSON(b.Said.Invoices), asJSON(b.Said.Items), asJSON(b.Said.Balances)}
		}), err
	}},
	{"approval", "approvals.csv", "departure step way state asked:datetime until:datetime over:datetime by", func(ctx context.Context, _ *App, tx Tx, h *holding) ([][]string, error) {
		return perCase(h, func(c offboarding.CaseID) ([]approval.Approval, error) { return tx.ApprovalsOf(ctx, c) }, func(x approval.Approval) []string {
			return []string{x.Step, string(x.Way), string(x.State), stamp(x.AskedAt), stamp(x.Until), stamp(x.OverAt), x.OverBy}
		})
	}},
	{"received", "answers_by_mail.csv", "read:datetime state meaning sha256 letter", func(ctx context.Context, a *App, tx Tx, h *holding) ([][]string, error) {
		list, err := tx.ReceivedOf(ctx, h.ID)
		return unsealed(list, err, func(x Received) ([]string, error) {
			raw, err := a.unseal(ctx, x.KeyID, x.ID, x.Body)
			return []string{stamp(x.ReadAt), x.State, string(x.Meaning), x.SHA256, strings.ToValidUTF8(string(raw), "\ufffd")}, err
		})
	}},
	{"import_change", "import_changes.csv", "at:datetime kind before after", func(ctx context.Context, _ *App, tx Tx, h *holding) ([][]string, error) {
		list, err := tx.ChangesAbout(ctx, h.ID)
		return rowsOf(list, func(x Change) []string { return []string{stamp(x.At), x.Kind, x.Was, x.Now} }), err
	}},
	{"work", "systems.csv", "departure kind system state done:datetime before evidence", func(ctx context.Context, _ *App, tx Tx, h *holding) ([][]string, error) {
		hidden, err := hiddenOrders(ctx, tx, h.ID)
		if err != nil {
			return nil, err
		}
		return perCase(h, func(c offboarding.CaseID) ([]offboarding.Work, error) {
			list, err := tx.WorksOf(ctx, c)
			return slices.DeleteFunc(list, func(x offboarding.Work) bool { return x.Kind == OrderKind && hidden[x.Item] }), err
		}, func(x offboarding.Work) []string {
			return []string{x.Kind, x.System, string(x.State), stamp(x.DoneAt), x.Before, x.Evidence}
		})
	}},
	{"message winback_sent", "letters.csv", "queued:datetime sent:datetime state kind to subject text", func(ctx context.Context, a *App, tx Tx, h *holding) ([][]string, error) {
		list, err := tx.LettersTo(ctx, h.ID)
		if err != nil {
			return nil, err
		}
		return unsealed(list, nil, func(m Message) ([]string, error) {
			text, err := a.unseal(ctx, m.KeyID, string(m.ID), m.Body)
			return []string{stamp(m.QueuedAt), stamp(m.SentAt), m.State, m.Paper, m.To, m.Subject, hideSecrets(m.Paper, string(text))}, err
		})
	}},
	{"answer", "forms.csv", "departure form saved:datetime done:datetime answers", func(ctx context.Context, a *App, tx Tx, h *holding) ([][]string, error) {
		return perCase(h, func(c offboarding.CaseID) ([]FormAnswer, error) { return a.answers(ctx, tx, c) }, func(x FormAnswer) []string {
			return []string{x.Form, stamp(x.SavedAt), stamp(x.DoneAt), asJSON(x.Answers)}
		})
	}},
	{"note", "notes.csv", "departure at:datetime text", func(ctx context.Context, a *App, tx Tx, h *holding) ([][]string, error) {
		return perCase(h, func(c offboarding.CaseID) ([]NoteView, error) { return a.notes(ctx, tx, c) }, func(x NoteView) []string {
			return []string{stamp(x.CreatedAt), x.Text}
		})
	}},
	{"reason", "reasons.csv", "departure at:datetime kind code by text evidence competitor more return", func(ctx context.Context, a *App, tx Tx, h *holding) ([][]string, error) {
		return perCase(h, func(c offboarding.CaseID) ([]reason.Given, error) { return a.reasons(ctx, tx, c) }, func(x reason.Given) []string {
			return []string{stamp(x.At), string(x.Kind), x.Code, x.By, x.Text, x.Evidence, x.Competitor, x.More, returnText(x.Return)}
		})
	}},
	{"theme", "themes.csv", "departure about of model likely permille:integer said said_at:datetime", func(ctx context.Context, _ *App, tx Tx, h *holding) ([][]string, error) {
		return perCase(h, func(c offboarding.CaseID) ([]Theme, error) { return tx.ThemesOf(ctx, c) }, func(x Theme) []string {
			return []string{x.Label(), x.Source, strconv.FormatInt(x.Model, 10), x.Likely, strconv.Itoa(x.Permille), x.Said, stamp(x.SaidAt)}
		})
	}},
	{"offer", "offers.csv", "departure offered:datetime state kind until:date heard what changes cost why answered:datetime over:datetime evidence", func(ctx context.Context, a *App, tx Tx, h *holding) ([][]string, error) {
		return perCase(h, func(c offboarding.CaseID) ([]offer.Offer, error) {
			o, found, err := a.offerOf(ctx, tx, c)
			if err != nil || !found {
				return nil, err
			}
			return []offer.Offer{o}, nil
		}, func(x offer.Offer) []string {
			return []string{stamp(x.OfferedAt), string(x.State), string(x.Kind), x.Until.String(), x.Heard, x.What, x.Changes, x.Cost, x.Why, stamp(x.AnsweredAt), stamp(x.OverAt), x.Evidence}
		})
	}},
	{"invitation", "invitations.csv", "departure made:datetime state format start:datetime place words", func(ctx context.Context, a *App, tx Tx, h *holding) ([][]string, error) {
		return perCase(h, func(c offboarding.CaseID) ([]invitation.Invitation, error) { return a.invitations(ctx, tx, c) }, func(x invitation.Invitation) []string {
			return []string{stamp(x.MadeAt), string(x.State), string(x.Format), stamp(x.Start), x.Place, x.Words}
		})
	}},
	{"voice", "voices.csv", "departure kind given:datetime until:date withdrawn:datetime name text link file", func(ctx context.Context, a *App, tx Tx, h *holding) ([][]string, error) {
		return perCase(h, func(c offboarding.CaseID) ([]voice.Voice, error) { return a.voices(ctx, tx, c) }, func(x voice.Voice) []string {
			return []string{string(x.Kind), stamp(x.GivenAt), x.Until.String(), stamp(x.Withdrawn), x.Name, x.Text, x.Link, x.Blob}
		})
	}},
	{"consent", "consents.csv", "departure at:datetime purpose given:boolean revoked:datetime language wording", func(ctx context.Context, _ *App, tx Tx, h *holding) ([][]string, error) {
		return perCase(h, func(c offboarding.CaseID) ([]winback.Consent, error) {
			x, found, err := tx.ConsentOf(ctx, c, winback.Letter)
			if err != nil || !found {
				return nil, err
			}
			return []winback.Consent{x}, nil
		}, func(x winback.Consent) []string {
			return []string{stamp(x.At), string(x.Purpose), strconv.FormatBool(x.Given), stamp(x.Revoked), x.Language, x.Wording}
		})
	}},
	{"kept_contact", "address_kept.csv", "at:datetime told:boolean back:boolean language wording", func(ctx context.Context, _ *App, tx Tx, h *holding) ([][]string, error) {
		x, found, err := tx.KeptContactOf(ctx, h.ID)
		if err != nil || !found {
			return nil, err
		}
		return [][]string{{stamp(x.SaidAt), strconv.FormatBool(x.Told), strconv.FormatBool(x.Back), x.Language, x.Wording}}, nil
	}},
	{"obligation", "returns.csv", "departure kind name due:date state over:date receipt charge_minor:integer currency evidence", func(ctx context.Context, a *App, tx Tx, h *holding) ([][]string, error) {
		return perCase(h, func(c offboarding.CaseID) ([]obligation.Obligation, error) {
			list, err := tx.ObligationsOf(ctx, c)
			return unsealed(list, err, func(s SealedObligation) (obligation.Obligation, error) { return a.openObligation(ctx, s) })
		}, func(x obligation.Obligation) []string {
			return []string{x.Kind, x.Name, x.Due.String(), string(x.State), x.Over.String(), x.Receipt, minor(x.Charge), x.Charge.Currency, x.Evidence}
		})
	}},
	{"handover_item", "handover.csv", "departure kind name state given:datetime accepted:datetime accepted_by rotation how lacks attest owner version format sha256 new_owner new_owner_email new_owner_confirmed:datetime held paid:date paid_with prefers given_by given_to slip_signed_by slip destroyed_how destroyed_by destroyed:date destroyed_before kept_for kept_why kept_until:date", func(ctx context.Context, a *App, tx Tx, h *holding) ([][]string, error) {
		return perCase(h, func(c offboarding.CaseID) ([]handover.Item, error) {
			x, err := a.readHandover(ctx, tx, c)
			return x.All(), err
		}, func(x handover.Item) []string {
			return []string{x.Kind, x.Name, string(x.State), stamp(x.GivenAt), stamp(x.AcceptedAt), x.AcceptedBy, string(x.Rotation), x.How, x.Lacks, x.Attest, string(x.Owner), x.Piece.Version, x.Piece.Format, x.Piece.SHA256, x.NewOwner, x.NewOwnerEmail, stamp(x.OwnerConfirmedAt), x.Held, x.PaidOn.String(), x.PaidBy, string(x.Prefers), x.GivenBy, x.GivenTo, x.SignedBy, x.Slip, string(x.Destruction.Method), x.Destruction.By, x.Destruction.On.String(), x.Destruction.Witness, string(x.Keeping.Basis), x.Keeping.Why, x.Keeping.Until.String()}
		})
	}},
	{"envelope", "envelopes.csv", "departure item sealed state expires:datetime opened:datetime wrong_keys:integer", func(ctx context.Context, a *App, tx Tx, h *holding) ([][]string, error) {
		return perCase(h, func(c offboarding.CaseID) ([]handover.Sheet, error) {
			x, err := a.readHandover(ctx, tx, c)
			return x.Envelopes, err
		}, func(x handover.Sheet) []string {
			return []string{string(x.Item), string(x.Kind), string(x.State), stamp(x.Expires), stamp(x.OpenedAt), strconv.Itoa(x.Guesses)}
		})
	}},
	{"processor_asked", "processors.csv", "departure system processor state asked:datetime due:date known_as how receipt_of erased:date proof key_sha256 receipt_sha256 no_answer:date no_answer_why", func(ctx context.Context, a *App, tx Tx, h *holding) ([][]string, error) {
		return perCase(h, func(c offboarding.CaseID) ([]erasure.Asked, error) { return a.askedOf(ctx, tx, c) }, func(x erasure.Asked) []string {
			return []string{x.System, x.Processor, string(x.State), stamp(x.AskedAt), x.Due.String(), x.Owner, x.How, x.Says, x.ErasedOn.String(), x.Proof, x.Key, x.SHA256, x.SilentOn.String(), x.Because}
		})
	}},
	{"handover_act", "acts.csv", "departure number:integer made:datetime sha256 accepted:datetime accepted_by acceptance_sha256", func(ctx context.Context, a *App, tx Tx, h *holding) ([][]string, error) {
		return perCase(h, func(c offboarding.CaseID) ([]handover.Act, error) { return a.actsOf(ctx, tx, c) }, func(x handover.Act) []string {
			return []string{strconv.Itoa(x.Number), stamp(x.MadeAt), x.SHA256, stamp(x.AcceptedAt), x.AcceptedBy, x.ProofSum}
		})
	}},
	{"blob", "files.csv", "departure file name kind media added:datetime sha256", func(ctx context.Context, _ *App, tx Tx, h *holding) ([][]string, error) {
		return perCase(h, func(c offboarding.CaseID) ([]Blob, error) { return heldBlobs(ctx, tx, c) }, func(x Blob) []string {
			return []string{fileOf(x), x.Name, x.Kind, x.Media, stamp(x.CreatedAt), x.SHA256}
		})
	}},
	{"audit_entry", "log.csv", "at:datetime type entry position:integer what", func(ctx context.Context, a *App, tx Tx, h *holding) ([][]string, error) {
		var log []LogEntry
		for _, stream := range h.streams() {
			list, err := tx.Entries(ctx, allEntries, stream)
			if err != nil {
				return nil, err
			}
			log = append(log, list...)
		}
		outside, err := a.outside(ctx, tx, h.ID)
		if err != nil {
			return nil, err
		}
		hidden, err := hiddenOrders(ctx, tx, h.ID)
		if err != nil {
			return nil, err
		}
		log = append(log, outside...)
		log = slices.DeleteFunc(log, func(e LogEntry) bool {
			order, _ := a.openBody(ctx, e)["order"].(string)
			return strings.HasPrefix(e.Type, "order.") && (order == "" || hidden[order])
		})
		slices.SortStableFunc(log, func(x, y LogEntry) int { return x.At.Compare(y.At) })
		return rowsOf(log, func(e LogEntry) []string {
			what := ""
			if args := a.openBody(ctx, e); len(args) > 0 {
				what = asJSON(args)
			}
			return []string{stamp(e.At), e.Type, e.ID, strconv.FormatInt(e.Index, 10), what}
		}), nil
	}},
}

// outside are the entries of the log about a customer that are of none of their
// departures: they are sealed with the customer's key.
func (a *App) outside(ctx context.Context, tx Tx, id customer.ID) ([]LogEntry, error) {
	key, err := a.keys.KeyFor(ctx, string(id), "account")
	if err != nil {
		return nil, err
	}
	return tx.EntriesOutside(ctx, allEntries, key)
}

// itemsOf tells the checklist of a step.
func itemsOf(s offboarding.Step) string {
	type item struct {
		Item     string `json:"item"`
		Ticked   bool   `json:"ticked"`
		At       string `json:"at,omitempty"`
		Evidence string `json:"evidence,omitempty"`
	}
	if len(s.Items) == 0 {
		return ""
	}
	out := make([]item, len(s.Items))
	for i, it := range s.Items {
		out[i] = item{it.Key, it.Ticked, stamp(it.At), it.Evidence}
	}
	return asJSON(out)
}

// untold are the tables about customers that a bundle does not tell, and why.
var untold = map[string]string{
	"customer_word":   "an index of the names, addresses and numbers that are told",
	"link":            "keyed hashes of the tokens in letters",
	"bundle_file":     "how far the packages themselves are made",
	"bucket_send":     "states and dates; where it went is forgotten when it is there",
	"authority_order": "may not be told while it is in force; the page says what may be",
	"retained":        "is made when everything else goes; the certificate tells of it",
	"erasure":         "the certificate, which is a page and a letter of its own",
	"evaluation":      "codes, a day and a sum out of the answers to the forms, which are told",
	"push_part":       "in which parts what was pushed came; it is told itself",
	"tombstone":       "keyed hashes that are made when everything else goes",
	"silent_address":  "keyed hashes of addresses that are told with the contacts, as the wish is with the silence",
	"improvement":     "what the company wants to do better is about the company",
	"import_made":     "which import made a record: ids; what it made is told itself",
	"webhook_event":   "ids of entries of the log that other programs were told of",
	"told":            "ids of steps of which people of the company were told",
}

// Told reports where a bundle tells of a table: the name of its file, or why it
// does not; empty if nobody decided that.
func Told(table string) string {
	for _, f := range heldFiles {
		if slices.Contains(strings.Fields(f.tables), table) {
			return f.name
		}
	}
	return untold[table]
}

// heldTable is a table of a bundle with its rows.
type heldTable struct {
	name   string
	fields []bundle.Field
	rows   [][]string
}

// held is everything that our record holds about a customer, in all their
// departures: tables, and the files that are attached to them.
func (a *App) held(ctx context.Context, tx Tx, id customer.ID) (tables []heldTable, attached []Blob, err error) {
	h, err := a.hold(ctx, tx, id)
	if err != nil {
		return nil, nil, err
	}
	for _, f := range heldFiles {
		rows, err := f.rows(ctx, a, tx, h)
		if err != nil {
			return nil, nil, err
		}
		fields, err := bundle.Fields(f.header)
		if err != nil {
			return nil, nil, fault.Wrap("app.held "+f.name, err)
		}
		tables = append(tables, heldTable{f.name, fields, rows})
	}
	for _, p := range h.plans {
		blobs, err := heldBlobs(ctx, tx, p.Case.ID)
		if err != nil {
			return nil, nil, err
		}
		attached = append(attached, blobs...)
	}
	return tables, attached, nil
}

func (a *App) hold(ctx context.Context, tx Tx, id customer.ID) (*holding, error) {
	c, err := tx.FindCustomer(ctx, id)
	if err != nil {
		return nil, err
	}
	h := &holding{Customer: c}
	cases, err := tx.CasesOf(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, c := range cases {
		p, err := tx.FindPlan(ctx, c.ID)
		if err != nil {
			return nil, err
		}
		requests, err := tx.RequestsOf(ctx, c.ID)
		if err != nil {
			return nil, err
		}
		h.plans, h.requests = append(h.plans, p), append(h.requests, requests...)
	}
	h.copies, err = tx.CopiesOf(ctx, id)
	return h, err
}

// streams are those of the log that are about the customer.
func (h *holding) streams() (out []string) {
	for _, p := range h.plans {
		out = append(out, string(p.Case.ID))
	}
	for _, r := range h.requests {
		out = append(out, string(r.ID))
	}
	for _, c := range h.copies {
		out = append(out, string(c.ID))
	}
	return out
}

// code is how a customer knows a departure.
func (h *holding) code(c offboarding.CaseID) string {
	for _, p := range h.plans {
		if p.Case.ID == c {
			return p.Case.Code
		}
	}
	return ""
}

// perCase tells what is read of every departure, behind its code.
func perCase[T any](h *holding, read func(offboarding.CaseID) ([]T, error), row func(T) []string) (rows [][]string, err error) {
	for _, p := range h.plans {
		list, err := read(p.Case.ID)
		if err != nil {
			return nil, err
		}
		for _, x := range list {
			rows = append(rows, append([]string{p.Case.Code}, row(x)...))
		}
	}
	return rows, nil
}

// heldBlobs are the files of a departure but the bundles themselves.
func heldBlobs(ctx context.Context, tx Tx, c offboarding.CaseID) ([]Blob, error) {
	list, err := tx.BlobsOf(ctx, c)
	return slices.DeleteFunc(list, func(b Blob) bool { return b.Kind == "bundle" }), err
}

// fileOf is where a file stands in a bundle: its own name may stand twice.
func fileOf(b Blob) string { return "files/" + b.ID + path.Ext(b.Name) }

const readmeTest = "ES  Esto es un ensayo: nada de lo que hay aquí es de una persona real.\nEN  This is a rehearsal: nothing in here is about a real person.\n\n"

// readme says in both languages how to read the file; the bundle must be
// readable without us.
const readme = `%s · %s

ES  Estos ficheros son lo que tenemos sobre ti en nuestro registro de bajas: tablas CSV en UTF-8 que abre cualquier hoja de
    cálculo y, en files/, los ficheros que se adjuntaron (files.csv dice cómo se llamaban). Los importes van en unidades mínimas
    (céntimos) y las fechas en hora universal. log.csv es el registro de lo que se hizo con tus bajas y tus datos. manifest-sha256.txt y manifest-sha512.txt
    (RFC 8493, BagIt) permiten comprobar que nada se cambió.
    No van dentro: otros paquetes como este, lo que hay en los sobres de un solo uso (cada uno se abre con su enlace), los enlaces
    y códigos de nuestras cartas, y los índices y huellas que el programa calcula a partir de lo que ves aquí.

%s · %s

EN  These files are what we hold about you in our record of departures: CSV tables in UTF-8 that any spreadsheet opens and, in
    files/, the files that were attached (files.csv says what they were called). Amounts are in minor units (cents) and instants
    in UTC. log.csv is the log of what was done with your departures and data. manifest-sha256.txt and manifest-sha512.txt (RFC 8493, BagIt) let you check
    that nothing was changed.
    Not inside: other packages like this one, what is in the envelopes that open once (each opens with its link), the links and
    codes of our letters, and the indexes and fingerprints that the program works out from what you see here.
`

func rowsOf[T any](list []T, row func(T) []string) [][]string {
	out := make([][]string, len(list))
	for i, x := range list {
		out[i] = row(x)
	}
	return out
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func count(n int64) string { return strconv.FormatInt(n, 10) }

func minor(a money.Amount) string { return strconv.FormatInt(a.Minor, 10) }

// asJSON writes what has no columns of its own.
func asJSON(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(raw)
}

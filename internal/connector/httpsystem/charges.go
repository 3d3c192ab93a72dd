package httpsystem

import (
	"context"
	"fmt"
	"strings"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/httpcall"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
)

// charges is a system that declares how what it charged is listed.
type charges struct {
	*System
	is Charges
}

var (
	_ connector.Charges     = charges{}
	_ connector.EveryCharge = charges{}
	_ connector.SignIns     = access{}
)

// ChargesSince lists what was charged for the subscription. A system that lists
// more than was asked for is read all the same: what is older is left out here.
func (c charges) ChargesSince(ctx context.Context, reference string, since time.Time) ([]connector.Charge, error) {
	const op = "httpsystem.ChargesSince"
	v := c.values("reference", reference)
	v.slots["since"] = since.UTC().Format(time.RFC3339)
	if _, err := c.look(ctx, op, c.is.List.Before, v); err != nil {
		return nil, err
	}
	items, first, err := c.list(ctx, op, c.is.List, v, []string{c.is.ID})
	if err != nil {
		return nil, err
	}
	var out []connector.Charge
	for _, item := range items {
		x, is, err := c.one(item, c.is.List.Where, v, since)
		if err != nil {
			return nil, c.Say(fault.Transient, "connector.unreadable", first.Status).At(op, err)
		}
		if is {
			out = append(out, x)
		}
	}
	return out, nil
}

// one reads one of the list; is says that it is a charge, and was issued since the
// instant.
func (c charges) one(item any, where *Expect, v values, since time.Time) (x connector.Charge, is bool, err error) {
	ans := httpcall.Answer{Body: item}
	if where != nil && !where.filled(v).holds(ans, false) {
		return x, false, nil
	}
	status := ans.Text(c.is.Status)
	if oneOf(c.is.Void, status) {
		return x, false, nil
	}
	x, err = c.charge(&ans, status)
	return x, err == nil && x.Amount.Minor > 0 && !x.At.Before(since), err
}

// EveryChargeSince lists what was charged to those who are picked.
func (c charges) EveryChargeSince(ctx context.Context, since time.Time, pick func([]connector.Charged) ([]bool, error)) ([]connector.ChargedTo, error) {
	const op = "httpsystem.EveryChargeSince"
	all := *c.is.Everyone
	v := c.values("since", since.UTC().Format(time.RFC3339))
	if _, err := c.look(ctx, op, all.List.Before, v); err != nil {
		return nil, err
	}
	items, first, err := c.list(ctx, op, all.List, v, []string{c.is.ID})
	if err != nil {
		return nil, err
	}
	of := make([]connector.Charged, len(items))
	for i, item := range items {
		ans := httpcall.Answer{Body: item}
		of[i] = connector.Charged{Owner: ans.Scalar(all.Owner), Email: ans.Scalar(all.Email), Subscription: ans.Scalar(all.Subscription)}
	}
	picked, err := pick(of)
	if err != nil {
		return nil, err
	}
	var out []connector.ChargedTo
	for i, item := range items {
		if !picked[i] {
			continue
		}
		x, is, err := c.one(item, all.List.Where, v, since)
		if err != nil {
			return nil, c.Say(fault.Transient, "connector.unreadable", first.Status).At(op, err)
		}
		if is {
			out = append(out, connector.ChargedTo{Charge: x, Charged: of[i]})
		}
	}
	return out, nil
}

// charge reads one of the list. What cannot be read is an error: a charge that is
// not understood is not taken for none.
func (c charges) charge(ans *httpcall.Answer, status string) (x connector.Charge, err error) {
	x.ID, x.Number, x.Payment = ans.Scalar(c.is.ID), ans.Scalar(c.is.Number), ans.Scalar(c.is.Payment)
	if !usable(x.ID) {
		return x, fmt.Errorf("a charge has no %s", c.is.ID)
	}
	currency := strings.ToUpper(ans.Scalar(c.is.Currency))
	if x.Amount, err = c.amount(ans.Scalar(c.is.Amount), currency); err != nil {
		return x, err
	}
	x.Refunded = money.Amount{Currency: currency}
	if text := ans.Scalar(c.is.Refunded); text != "" {
		if x.Refunded, err = c.amount(text, currency); err != nil {
			return x, err
		}
	}
	for path, into := range map[string]*time.Time{c.is.At: &x.At, c.is.From: &x.From, c.is.To: &x.To} {
		if path == "" {
			continue
		}
		if *into, err = instantAt(ans, path); err != nil {
			return x, err
		}
	}
	if x.At.IsZero() {
		return x, fmt.Errorf("a charge has no %s", c.is.At)
	}
	x.Taken = len(c.is.Taken) == 0 || oneOf(c.is.Taken, status)
	return x, nil
}

func (c charges) amount(text, currency string) (money.Amount, error) {
	if c.is.Units == UnitsMajor {
		return money.Parse(text, currency)
	}
	return money.ParseMinor(text, currency)
}

// LastSignIn reads when the account last got in.
func (a access) LastSignIn(ctx context.Context, account string) (time.Time, error) {
	const op = "httpsystem.LastSignIn"
	v, err := a.about(op, account)
	if err != nil {
		return time.Time{}, err
	}
	ans, err := a.look(ctx, op, a.is.of(a.is.Read), v)
	if err != nil {
		if fault.KindOf(err) == fault.NotFound {
			return time.Time{}, nil
		}
		return time.Time{}, err
	}
	at, err := instantAt(&ans, a.is.Seen)
	if err != nil {
		return at, a.Say(fault.Transient, "connector.unreadable", ans.Status).At(op, err)
	}
	return at, nil
}

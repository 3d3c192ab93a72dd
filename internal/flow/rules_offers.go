package flow

func seeOffersBefore(v *View) []sight {
	n := v.offersBefore()
	var out []sight
	for _, i := range v.offersOnTheWay() {
		out = append(out, at(i, "", "offer_before", "count", n, "max", "{max}").sees(num(n)))
	}
	return out
}

func (v *View) eachOffer(do func(i int)) {
	v.met(func(i int, _ *Node) {
		if v.offering(i) {
			do(i)
		}
	})
}

func seePositions(v *View) (out []sight) {
	v.eachOffer(func(i int) {
		where := v.position(i)
		out = append(out, at(i, "", "offer_place", "where", where).about("offer_before").sees(word(where)))
	})
	return out
}

func seeOptIn(v *View) (out []sight) {
	v.eachOffer(func(i int) {
		out = append(out, at(i, "", "offer_unasked").about("offer_before").sees(yes(!v.onTheWay(i) && v.optedIn(i))))
	})
	return out
}

func seeAsks(v *View) []sight {
	last, n := v.asksPerAttempt()
	if last < 0 {
		return nil
	}
	return []sight{at(last, "", "asked_often", "count", n, "max", "{max}").sees(num(n))}
}

func seeLiveExits(v *View) (out []sight) {
	for _, i := range v.offersOnTheWay() {
		why, a := v.liveExit(i)
		s := at(i, "", or(why, "offer_no_exit"))
		if a != nil {
			s = s.by(a)
		}
		out = append(out, s.sees(yes(why == "")))
	}
	return out
}

func seeImproves(v *View) (out []sight) {
	v.eachOffer(func(i int) {
		s := at(i, "", "offer_no_better")
		if o := v.node(i).Offer; o == nil || o.Improves == nil {
			out = append(out, s.sees(nil))
		} else {
			out = append(out, s.sees(yes(*o.Improves)))
		}
	})
	return out
}

// Package fakestripe stands in for Stripe where tests, and make demo-systems, need one that remembers:
// subscriptions, invoices, payments, refunds, keys, and the events that it tells.
// It behaves as Stripe's documentation says of the calls that stripesystem makes,
// and refuses the rest; it proves that our code fits what we read there, not that
// it fits Stripe. Requests carry the version of the API that belongs to Stripe's
// library, or are refused.
package fakestripe

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Version is the only one of the API that it speaks.
const Version = "2026-03-25.dahlia"

// Object is one of Stripe's, as its JSON.
type Object map[string]any

// Call is one request that arrived.
type Call struct {
	Method, Path, Key string
	Form              url.Values
}

// Fault is something that goes wrong with a request, once.
type Fault struct {
	Method, Path string // of the request; a path means everything below it
	Before       bool   // it goes wrong before anything has happened; otherwise after
	Status       int    // what is answered; 0: what would be answered anyway
	Header       [2]string
	Body         string
	Drop         bool          // the line is cut instead
	Delay        time.Duration // before the answer
	While        func()        // what others do meanwhile
}

// Stripe is one account there. It is safe for concurrent use.
type Stripe struct {
	URL string
	Key string // who has it is let in; others are refused

	mu      sync.Mutex
	now     time.Time
	objects map[string]Object
	order   []string // of creation
	keys    map[string]*answer
	faults  []Fault
	calls   []Call
	lacking []string // rights that the key has not
	count   int
}

// answer is what was answered to a key.
type answer struct {
	asked  string
	status int
	body   []byte
}

// New makes one, at a moment; somebody serves it.
func New(key string, now time.Time) *Stripe {
	return &Stripe{Key: key, now: now, objects: map[string]Object{}, keys: map[string]*answer{}}
}

// Start starts one, at a moment; it ends with the test.
func Start(t testing.TB, key string, now time.Time) *Stripe {
	t.Helper()
	s := New(key, now)
	srv := httptest.NewServer(s)
	t.Cleanup(srv.CloseClientConnections)
	t.Cleanup(srv.Close)
	s.URL = srv.URL
	return s
}

// Put adds objects, or changes them: with "id" and "object".
func (s *Stripe) Put(all ...Object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range all {
		s.put(o)
	}
}

func (s *Stripe) put(o Object) {
	id := o["id"].(string)
	if _, known := s.objects[id]; !known {
		s.order = append(s.order, id)
		s.objects[id] = Object{"created": s.now.Unix()}
	}
	maps.Copy(s.objects[id], o)
}

// Get returns an object as it is.
func (s *Stripe) Get(id string) Object {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.objects[id])
}

// Ends is a subscription that somebody ended at Stripe itself.
func (s *Stripe) Ends(t testing.TB, subscription string, prorate, invoiceNow bool) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	form := url.Values{"prorate": {strconv.FormatBool(prorate)}, "invoice_now": {strconv.FormatBool(invoiceNow)}}
	if no, refused := s.cancel(subscription, form).(*refusal); refused {
		t.Fatalf("fakestripe: %+v", no)
	}
}

// List are the objects of a kind, oldest first, as they are.
func (s *Stripe) List(object string) (list []Object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range s.order {
		if o := s.objects[id]; o["object"] == object {
			list = append(list, maps.Clone(o))
		}
	}
	return list
}

// Count is how many objects there are of a kind.
func (s *Stripe) Count(object string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.objects {
		if o["object"] == object {
			n++
		}
	}
	return n
}

// Remove takes an object away.
func (s *Stripe) Remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.objects, id)
	s.order = slices.DeleteFunc(s.order, func(x string) bool { return x == id })
}

// Fail lets the next requests that fit fail, each fault one.
func (s *Stripe) Fail(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, faults...)
}

// Lacks takes rights from the key: "rak_subscription_write".
func (s *Stripe) Lacks(rights ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lacking = rights
}

// Calls returns what arrived since it was last asked for.
func (s *Stripe) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.calls
	s.calls = nil
	return out
}

// Now is what its clock says.
func (s *Stripe) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// Move moves its clock to a moment, unless that is over.
func (s *Stripe) Move(to time.Time) {
	s.mu.Lock()
	d := to.Sub(s.now)
	s.mu.Unlock()
	if d > 0 {
		s.Advance(d)
	}
}

// Advance moves its clock: what ends meanwhile has ended, and keys of a day ago
// are forgotten.
func (s *Stripe) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
	if d >= 24*time.Hour {
		clear(s.keys)
	}
	for _, o := range s.objects {
		if at, ok := o["cancel_at"].(int64); ok && o["status"] == "active" && at <= s.now.Unix() {
			o["status"], o["ended_at"] = "canceled", at
		}
	}
}

// Event is what it tells about an object as it is now, ready to be sent.
func (s *Stripe) Event(typ, id string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	b, err := json.Marshal(Object{
		"id": fmt.Sprintf("evt_%d", s.count), "object": "event", "api_version": Version, "created": s.now.Unix(), "type": typ,
		"data": Object{"object": s.shown(id, nil)},
	})
	if err != nil {
		panic(err)
	}
	return b
}

// Sign is the header of an event that is sent at a moment.
func Sign(secret string, at time.Time, body []byte) string {
	second := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(second + "."))
	mac.Write(body)
	return "t=" + second + ",v0=" + strings.Repeat("0", 64) + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

// refusal is an error of Stripe.
type refusal struct {
	status                    int
	kind, code, param, phrase string
}

func (r *refusal) body() Object {
	return Object{"error": Object{"type": r.kind, "code": r.code, "param": r.param, "message": r.phrase}}
}

func invalid(code, param, phrase string) *refusal {
	return &refusal{400, "invalid_request_error", code, param, phrase}
}

func missing(status int, param, id string) *refusal {
	return &refusal{status, "invalid_request_error", "resource_missing", param, "No such object: '" + id + "'"}
}

func (s *Stripe) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	if err != nil { // half a request is none
		return
	}
	form, _ := url.ParseQuery(string(raw))
	maps.Copy(form, r.URL.Query())
	c := Call{r.Method, r.URL.Path, r.Header.Get("Idempotency-Key"), form}

	s.mu.Lock()
	s.calls = append(s.calls, c)
	var fault *Fault
	i := slices.IndexFunc(s.faults, func(f Fault) bool {
		return (f.Method == "" || f.Method == c.Method) && strings.HasPrefix(c.Path, f.Path)
	})
	if i >= 0 {
		f := s.faults[i]
		fault, s.faults = &f, slices.Delete(s.faults, i, i+1)
	}
	status, body, replayed := 0, []byte(nil), false
	if fault == nil || !fault.Before {
		status, body, replayed = s.keyed(r, c, fault)
	}
	s.mu.Unlock()

	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Request-Id", "req_1")
	if replayed {
		w.Header().Set("Idempotent-Replayed", "true")
	}
	if fault != nil {
		if fault.While != nil {
			fault.While()
		}
		select {
		case <-time.After(fault.Delay):
		case <-r.Context().Done():
			return
		}
		if fault.Drop {
			panic(http.ErrAbortHandler)
		}
		if fault.Header[0] != "" {
			w.Header().Set(fault.Header[0], fault.Header[1])
		}
		if fault.Status != 0 {
			status = fault.Status
		}
		if fault.Body != "" || status != 0 && body == nil {
			body = []byte(fault.Body)
		}
	}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// keyed answers a key as it did the first time: also with a failure of its own,
// and only to the same request.
func (s *Stripe) keyed(r *http.Request, c Call, fault *Fault) (status int, body []byte, replayed bool) {
	asked := c.Path + "?" + c.Form.Encode()
	if c.Method == http.MethodPost && c.Key != "" {
		if before, ok := s.keys[c.Key]; ok {
			if before.asked != asked {
				return encoded(&refusal{400, "idempotency_error", "", "", "Keys for idempotent requests can only be used with the same parameters"})
			}
			return before.status, before.body, true
		}
	}
	status, body, _ = s.answer(r, c)
	if fault != nil && fault.Status >= 500 {
		status, body = fault.Status, []byte(fault.Body)
	}
	if c.Method == http.MethodPost && c.Key != "" && (status < 400 || status >= 500) {
		s.keys[c.Key] = &answer{asked, status, body}
	}
	return status, body, false
}

func encoded(v any) (int, []byte, bool) {
	status := http.StatusOK
	if refused, ok := v.(*refusal); ok {
		status, v = refused.status, refused.body()
	}
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return status, b, false
}

func (s *Stripe) answer(r *http.Request, c Call) (int, []byte, bool) {
	switch {
	case r.Header.Get("Authorization") != "Bearer "+s.Key:
		return encoded(&refusal{401, "invalid_request_error", "api_key_expired", "", "Expired API Key provided: sk_test_***"})
	case r.Header.Get("Stripe-Version") != Version:
		return encoded(invalid("", "", "another version of the API: "+r.Header.Get("Stripe-Version")))
	case r.Header.Get("X-Stripe-Client-User-Agent") != "" || r.Header.Get("X-Stripe-Client-Telemetry") != "":
		return encoded(invalid("", "", "the library tells about itself"))
	}
	parts := strings.Split(strings.Trim(c.Path, "/"), "/")
	if len(parts) < 2 || parts[0] != "v1" {
		return encoded(missing(404, "", c.Path))
	}
	id := ""
	if len(parts) > 2 {
		id = parts[2]
	}
	read := c.Method == http.MethodGet || id == "create_preview"
	if need := need(parts[1], read); slices.Contains(s.lacking, need) {
		return encoded(&refusal{403, "invalid_request_error", "", "", "The provided key 'rk_test_***' does not have the required permissions for this endpoint on account 'acct_1'. Having the '" + need + "' permission would allow this request to continue."})
	}
	var out any = missing(404, "", c.Path)
	switch {
	case c.Method == http.MethodGet && id == "":
		out = s.list(parts[1], c.Form)
	case c.Method == http.MethodGet:
		if _, ok := s.objects[id]; ok {
			out = s.shown(id, c.Form)
		} else {
			out = missing(404, "id", id)
		}
	case parts[1] == "subscriptions" && c.Method == http.MethodPost:
		out = s.update(id, c.Form)
	case parts[1] == "subscriptions" && c.Method == http.MethodDelete:
		out = s.cancel(id, c.Form)
	case parts[1] == "refunds" && c.Method == http.MethodPost:
		out = s.refund(c.Form)
	case id == "create_preview":
		out = s.preview(c.Form)
	}
	return encoded(out)
}

// need is the right of a restricted key that a request needs.
func need(path string, read bool) string {
	noun := map[string]string{
		"subscriptions": "subscription", "customers": "customer", "invoices": "invoice", "invoiceitems": "invoice", "refunds": "charge", "charges": "charge",
		"payment_intents": "payment_intent",
	}[path]
	if read {
		return "rak_" + noun + "_read"
	}
	return "rak_" + noun + "_write"
}

// object is what a list of a path holds.
var object = map[string]string{"refunds": "refund", "invoices": "invoice", "invoiceitems": "invoiceitem"}

// filters are the parameters of lists that choose.
func fits(o Object, form url.Values) bool {
	for _, name := range []string{"payment_intent", "charge", "subscription", "status", "customer"} {
		if want := form.Get(name); want != "" && fmt.Sprint(o[name]) != want {
			return false
		}
	}
	if from, made := form.Get("created[gte]"), o["created"]; from != "" {
		if at, ok := made.(int64); !ok || at < seconds(form, "created[gte]") {
			return false
		}
	}
	if to, made := form.Get("created[lt]"), o["created"]; to != "" {
		if at, ok := made.(int64); !ok || at >= seconds(form, "created[lt]") {
			return false
		}
	}
	return form.Get("pending") != "true" || o["invoice"] == nil
}

// list is newest first, and begins after an object that must still be there.
func (s *Stripe) list(path string, form url.Values) any {
	if intent := form.Get("payment_intent"); intent != "" && s.objects[intent] == nil {
		return missing(404, "payment_intent", intent)
	}
	limit, err := strconv.Atoi(form.Get("limit"))
	if err != nil {
		limit = 10
	}
	after, begun := form.Get("starting_after"), false
	if after != "" && s.objects[after] == nil {
		return missing(400, "starting_after", after)
	}
	data, more := []Object{}, false
	for _, id := range slices.Backward(s.order) {
		o := s.objects[id]
		switch {
		case after != "" && !begun:
			begun = id == after
		case o["object"] != object[path] || !fits(o, form):
		case len(data) == limit:
			more = true
		default:
			data = append(data, s.shown(id, form))
		}
	}
	return Object{"object": "list", "url": "/v1/" + path, "has_more": more, "data": data}
}

// shown is an object as it is answered: what is not asked to be expanded is a
// number.
func (s *Stripe) shown(id string, form url.Values) Object {
	o := maps.Clone(s.objects[id])
	var wanted []string
	for name, values := range form {
		if strings.HasPrefix(name, "expand[") {
			wanted = append(wanted, values...)
		}
	}
	if list, ok := o["discounts"].([]Object); ok && !slices.Contains(wanted, "discounts") {
		ids := []any{}
		for _, d := range list {
			ids = append(ids, d["id"])
		}
		o["discounts"] = ids
	}
	if charge, ok := o["latest_charge"].(string); ok && slices.Contains(wanted, "latest_charge") {
		o["latest_charge"] = s.shown(charge, nil)
	}
	if o["object"] == "invoice" && !slices.Contains(wanted, "data.payments") {
		delete(o, "payments")
	}
	if !slices.Contains(wanted, "invoice_credit_balance") {
		delete(o, "invoice_credit_balance")
	}
	return o
}

// The acts. Each answers an object, or why it refuses.

func seconds(form url.Values, name string) int64 {
	n, _ := strconv.ParseInt(form.Get(name), 10, 64)
	return n
}

func (s *Stripe) reasons(o Object, form url.Values) {
	d, _ := o["cancellation_details"].(Object)
	d = maps.Clone(d)
	if d == nil {
		d = Object{"comment": nil, "feedback": nil, "reason": nil}
	}
	for _, name := range []string{"comment", "feedback"} {
		if v := form.Get("cancellation_details[" + name + "]"); v != "" {
			d[name] = v
		}
	}
	o["cancellation_details"] = d
}

// Feedback are the reasons that it has words for.
var Feedback = []string{"customer_service", "low_quality", "missing_features", "other", "switched_service", "too_complex", "too_expensive", "unused"}

func (s *Stripe) update(id string, form url.Values) any {
	was, ok := s.objects[id]
	if !ok {
		return missing(404, "id", id)
	}
	if was["status"] == "canceled" && slices.ContainsFunc(slices.Collect(maps.Keys(form)), func(key string) bool { return !strings.HasPrefix(key, "cancellation_details[") }) {
		return invalid("", "", "A canceled subscription can only update its cancellation_details and metadata.")
	}
	_, at := form["cancel_at"]
	_, end := form["cancel_at_period_end"]
	feedback := form.Get("cancellation_details[feedback]")
	switch {
	case at && end:
		return invalid("", "cancel_at", "You may only specify one of these parameters: cancel_at, cancel_at_period_end.")
	case (at || end) && was["schedule"] != nil:
		return invalid("", "", "The subscription is managed by the subscription schedule, and updating any cancelation behavior directly is not allowed.")
	case form.Get("cancel_at") != "" && seconds(form, "cancel_at") <= s.now.Unix():
		return invalid("", "cancel_at", "cancel_at must be in the future")
	case feedback != "" && !slices.Contains(Feedback, feedback):
		return invalid("", "cancellation_details[feedback]", "Invalid feedback")
	}
	o := Object{"id": id}
	requested := func() {
		o["canceled_at"] = s.now.Unix()
		o["cancellation_details"] = Object{"comment": nil, "feedback": nil, "reason": "cancellation_requested"}
	}
	renews := func() {
		o["cancel_at"], o["cancel_at_period_end"], o["canceled_at"] = nil, false, nil
		o["cancellation_details"] = Object{"comment": nil, "feedback": nil, "reason": nil}
	}
	switch {
	case form.Get("cancel_at") != "":
		requested()
		o["cancel_at"], o["cancel_at_period_end"] = seconds(form, "cancel_at"), false
	case form.Get("cancel_at_period_end") == "true":
		requested()
		o["cancel_at"], o["cancel_at_period_end"] = periodEnd(was), true
	case at || end:
		renews()
	}
	if form.Get("cancellation_details[feedback]") != "" || form.Get("cancellation_details[comment]") != "" {
		if o["cancellation_details"] == nil {
			o["cancellation_details"] = was["cancellation_details"]
		}
		s.reasons(o, form)
	}
	if v, said := form["pause_collection"]; said && v[0] == "" {
		o["pause_collection"] = nil
	} else if b := form.Get("pause_collection[behavior]"); b != "" {
		o["pause_collection"] = Object{"behavior": b, "resumes_at": nil}
		if n := seconds(form, "pause_collection[resumes_at]"); n != 0 {
			o["pause_collection"] = Object{"behavior": b, "resumes_at": n}
		}
	}
	if refused := s.discounts(o, was, form); refused != nil {
		return refused
	}
	s.put(o)
	return s.shown(id, nil)
}

// discounts replaces the whole list where one is given.
func (s *Stripe) discounts(o, was Object, form url.Values) *refusal {
	if v, said := form["discounts"]; said && v[0] == "" {
		o["discounts"] = []Object{}
		return nil
	}
	had, _ := was["discounts"].([]Object)
	var list []Object
	for i := 0; ; i++ {
		keep, coupon := form.Get(fmt.Sprintf("discounts[%d][discount]", i)), form.Get(fmt.Sprintf("discounts[%d][coupon]", i))
		switch {
		case keep == "" && coupon == "":
			if i > 0 {
				o["discounts"] = list
			}
			return nil
		case coupon != "":
			if _, known := s.objects[coupon]; !known {
				return missing(400, "discounts[0][coupon]", coupon)
			}
			s.count++
			list = append(list, Object{"id": fmt.Sprintf("di_%d", s.count), "object": "discount", "source": Object{"type": "coupon", "coupon": coupon}})
		default:
			j := slices.IndexFunc(had, func(d Object) bool { return d["id"] == keep })
			if j < 0 {
				return missing(400, "discounts", keep)
			}
			list = append(list, had[j])
		}
	}
}

func periodEnd(sub Object) int64 {
	item := sub["items"].(Object)["data"].([]Object)[0]
	return item["current_period_end"].(int64)
}

func (s *Stripe) cancel(id string, form url.Values) any {
	was, ok := s.objects[id]
	if !ok || was["status"] == "canceled" {
		return missing(404, "id", id)
	}
	o := Object{"id": id, "status": "canceled", "ended_at": s.now.Unix(), "canceled_at": s.now.Unix(), "cancel_at": nil}
	o["cancellation_details"] = Object{"comment": nil, "feedback": nil, "reason": "cancellation_requested"}
	s.reasons(o, form)
	if form.Get("prorate") == "true" {
		s.count++
		s.put(Object{
			"id": fmt.Sprintf("ii_%d", s.count), "object": "invoiceitem", "customer": was["customer"], "amount": int64(-500), "currency": was["currency"],
			"description": "Unused time", "proration": true, "quantity_decimal": "1", "period": Object{"start": s.now.Unix(), "end": periodEnd(was)},
			"parent": Object{"type": "subscription_details", "subscription_details": Object{"subscription": id}},
		})
	}
	if form.Get("invoice_now") == "true" {
		s.lastInvoice(was)
	}
	s.put(o)
	return s.shown(id, nil)
}

// lastInvoice bills what waits for an invoice of a subscription. What is below zero goes
// to the balance of the customer, where it pays for whatever comes next.
func (s *Stripe) lastInvoice(sub Object) {
	var total int64
	var lines []Object
	s.count++
	id := fmt.Sprintf("in_last_%d", s.count)
	for _, item := range slices.Clone(s.order) {
		o := s.objects[item]
		of, _ := o["parent"].(Object)
		if d, _ := of["subscription_details"].(Object); o["object"] != "invoiceitem" || o["invoice"] != nil || d["subscription"] != sub["id"] {
			continue
		}
		s.put(Object{"id": item, "invoice": id})
		total += o["amount"].(int64)
		lines = append(lines, Object{
			"id": "il_" + item, "object": "line_item", "amount": o["amount"], "currency": o["currency"], "description": o["description"], "quantity_decimal": "1", "period": o["period"],
			"parent": Object{"type": "invoice_item_details", "invoice_item_details": Object{"invoice_item": item, "proration": o["proration"]}},
		})
	}
	if len(lines) == 0 {
		return
	}
	status := "open"
	if total <= 0 {
		status = "paid"
	}
	s.put(Object{
		"id": id, "object": "invoice", "status": status, "subscription": sub["id"], "parent": ofSubscription(sub["id"].(string)), "customer": sub["customer"], "currency": sub["currency"],
		"total": total, "amount_remaining": max(total, 0), "number": "L-" + id, "total_taxes": []Object{}, "lines": Object{"object": "list", "has_more": false, "data": lines},
	})
	owner, currency := sub["customer"].(string), sub["currency"].(string)
	if s.objects[owner] == nil {
		s.put(Object{"id": owner, "object": "customer"})
	}
	balance, _ := s.objects[owner]["invoice_credit_balance"].(Object)
	balance = maps.Clone(balance)
	if balance == nil {
		balance = Object{}
	}
	had, _ := balance[currency].(int64)
	balance[currency] = had + min(total, 0)
	s.objects[owner]["invoice_credit_balance"] = balance
}

func (s *Stripe) refund(form url.Values) any {
	intent, charge := form.Get("payment_intent"), form.Get("charge")
	if intent != "" {
		p, ok := s.objects[intent]
		if !ok {
			return missing(404, "payment_intent", intent)
		}
		charge, _ = p["latest_charge"].(string)
	}
	c, ok := s.objects[charge]
	if !ok {
		return missing(404, "charge", charge)
	}
	amount := seconds(form, "amount")
	had := c["amount_refunded"].(int64)
	left := c["amount"].(int64) - had
	switch {
	case left == 0:
		return invalid("charge_already_refunded", "", "Charge "+charge+" has already been refunded.")
	case amount > left || amount <= 0:
		return invalid("", "amount", "Refund amount is greater than unrefunded amount on charge")
	}
	c["amount_refunded"] = had + amount
	s.count++
	id := fmt.Sprintf("re_%d", s.count)
	metadata := Object{}
	for name, v := range form {
		if key, ok := strings.CutPrefix(name, "metadata["); ok {
			metadata[strings.TrimSuffix(key, "]")] = v[0]
		}
	}
	o := Object{"id": id, "object": "refund", "status": "succeeded", "amount": amount, "currency": c["currency"], "charge": charge, "metadata": metadata}
	if p, _ := c["payment_intent"].(string); p != "" {
		o["payment_intent"] = p
	}
	s.put(o)
	return s.shown(id, nil)
}

// preview is what stands unbilled, and what a subscription that ends now gives
// back.
func (s *Stripe) preview(form url.Values) any {
	sub, ok := s.objects[form.Get("subscription")]
	if !ok {
		return missing(404, "subscription", form.Get("subscription"))
	}
	if sub["status"] == "canceled" {
		return &refusal{404, "invalid_request_error", "invoice_upcoming_none", "", "No upcoming invoices"}
	}
	var lines []Object
	var total int64
	for _, id := range s.order {
		o := s.objects[id]
		if o["object"] == "invoiceitem" && fits(o, url.Values{"customer": {sub["customer"].(string)}, "pending": {"true"}}) {
			lines = append(lines, Object{
				"id": "il_" + id, "object": "line_item", "amount": o["amount"], "currency": o["currency"], "description": o["description"], "quantity_decimal": "1",
				"parent": Object{"type": "invoice_item_details", "invoice_item_details": Object{"invoice_item": id, "proration": o["proration"]}},
				"taxes":  o["taxes"],
			})
			total += o["amount"].(int64) + onTop(o)
		}
	}
	for _, item := range sub["items"].(Object)["data"].([]Object) {
		used, ok := item["used"].(Object) // what was used so far, as a test puts it there
		if !ok {
			continue
		}
		lines = append(lines, Object{
			"id": "il_" + item["id"].(string), "object": "line_item", "amount": used["amount"], "currency": sub["currency"], "description": used["description"], "quantity_decimal": "1",
			"period": Object{"start": item["current_period_start"], "end": s.now.Unix()}, "taxes": used["taxes"],
			"parent": Object{"type": "subscription_item_details", "subscription_item_details": Object{"subscription_item": item["id"], "proration": false}},
		})
		total += used["amount"].(int64) + onTop(used)
	}
	if form.Get("subscription_details[cancel_now]") == "true" && form.Get("subscription_details[proration_behavior]") == "create_prorations" {
		lines = append(lines, Object{
			"id": "il_credit", "object": "line_item", "amount": int64(-500), "currency": sub["currency"], "description": "Unused time", "quantity_decimal": "1",
			"period": Object{"start": s.now.Unix(), "end": periodEnd(sub)},
			"parent": Object{"type": "subscription_item_details", "subscription_item_details": Object{"proration": true}},
		})
		total -= 500
	}
	return Object{
		"id": "upcoming_in_1", "object": "invoice", "currency": sub["currency"], "total": total, "amount_due": max(total, 0), "total_taxes": []Object{},
		"lines": Object{"object": "list", "has_more": false, "data": lines},
	}
}

// onTop is the tax of something that comes on top of it.
func onTop(o Object) (sum int64) {
	taxes, _ := o["taxes"].([]Object)
	for _, t := range taxes {
		if t["tax_behavior"] == "exclusive" {
			sum += t["amount"].(int64)
		}
	}
	return sum
}

// Metered is a subscription that is charged for what is used of it, with what was
// used so far and its tax on top.
func Metered(id, customer, currency string, from, to time.Time, used, tax int64) Object {
	o := Subscription(id, customer, currency, from, to)
	item := o["items"].(Object)["data"].([]Object)[0]
	item["price"] = Object{"id": "price_" + id, "object": "price", "recurring": Object{"interval": "month", "usage_type": "metered"}}
	item["used"] = Object{"amount": used, "description": "Messages", "taxes": []Object{{"amount": tax, "tax_behavior": "exclusive", "type": "tax_rate_details"}}}
	return o
}

// Subscription is an ordinary one, of a month that ends then.
func Subscription(id, customer, currency string, from, to time.Time) Object {
	return Object{
		"id": id, "object": "subscription", "status": "active", "customer": customer, "currency": currency, "cancel_at": nil, "cancel_at_period_end": false,
		"canceled_at": nil, "ended_at": nil, "schedule": nil, "pause_collection": nil, "discounts": []Object{},
		"cancellation_details": Object{"comment": nil, "feedback": nil, "reason": nil},
		"items":                Object{"object": "list", "has_more": false, "data": []Object{{"id": "si_" + id, "object": "subscription_item", "current_period_start": from.Unix(), "current_period_end": to.Unix()}}},
	}
}

// Paid is a payment that came in, as the three objects that Stripe makes of it.
func Paid(number, subscription, customer, currency string, amount int64, from, to time.Time) []Object {
	return []Object{
		{"id": "ch_" + number, "object": "charge", "amount": amount, "amount_captured": amount, "amount_refunded": int64(0), "currency": currency, "payment_intent": "pi_" + number, "created": from.Unix()},
		{"id": "pi_" + number, "object": "payment_intent", "amount": amount, "amount_received": amount, "currency": currency, "latest_charge": "ch_" + number, "created": from.Unix()},
		{
			"id": "in_" + number, "object": "invoice", "status": "paid", "subscription": subscription, "parent": ofSubscription(subscription), "customer": customer, "currency": currency, "total": amount,
			"amount_remaining": int64(0), "number": "A-" + number, "total_taxes": []Object{},
			"lines": Object{"object": "list", "has_more": false, "data": []Object{{
				"id": "il_" + number, "object": "line_item", "amount": amount, "currency": currency, "quantity_decimal": "1", "period": Object{"start": from.Unix(), "end": to.Unix()},
			}}},
			"payments": Object{"object": "list", "has_more": false, "data": []Object{{
				"id": "inpay_" + number, "object": "invoice_payment", "status": "paid", "amount_paid": amount, "currency": currency,
				"payment": Object{"type": "payment_intent", "payment_intent": "pi_" + number},
			}}},
		},
	}
}

// ofSubscription is what an invoice says it comes of. Lists are asked for by the
// number itself.
func ofSubscription(number string) Object {
	return Object{"type": "subscription_details", "subscription_details": Object{"subscription": number}}
}

// Bill is an invoice that is not paid.
func Bill(number, subscription, customer, currency string, amount, tax int64, due time.Time) Object {
	return Object{
		"id": "in_" + number, "object": "invoice", "status": "open", "subscription": subscription, "parent": ofSubscription(subscription), "customer": customer, "currency": currency, "total": amount,
		"amount_remaining": amount, "number": "A-" + number, "due_date": due.Unix(), "hosted_invoice_url": "https://invoice.stripe.com/i/" + number,
		"total_taxes": []Object{{"amount": tax}}, "customer_name": "Ada Lovelace",
		"lines": Object{"object": "list", "has_more": false, "data": []Object{}},
	}
}

// Deliver sends an event to an address, signed, and returns the status.
func Deliver(t testing.TB, to, secret string, at time.Time, body []byte) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Stripe-Signature", Sign(secret, at, body))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode
}

-- The statement of a departure, for PostgreSQL, written from docs/reference/settlement.md and from nothing else: it is there to disagree
-- with the program where one of them is wrong. It reads the temporary table input(id, doc), one case as JSON in each row, and gives the
-- ends of contracts, the lines, and the days on which balances are due, for both choices. Numbers in brackets are sections of the definition.

-- a / b rounded down, exactly [R1]
create function pg_temp.floored(a numeric, b numeric) returns numeric immutable language sql as
$$ select div(a, b) - case when mod(a, b) <> 0 and a < 0 then 1 else 0 end $$;

create function pg_temp.raised(a numeric, b numeric) returns numeric immutable language sql as
$$ select -pg_temp.floored(-a, b) $$;

-- the tax in a sum of which net and tax are in these proportions [R2, two parts: the net first]
create function pg_temp.taxed(s numeric, net numeric, tax numeric) returns numeric immutable language sql as
$$ select case when s = 0 or tax = 0 then 0 else
     sign(s) * (div(abs(s) * abs(tax), abs(net) + abs(tax))
       + case when 2 * mod(abs(s) * abs(tax), abs(net) + abs(tax)) > abs(net) + abs(tax) then 1 else 0 end) end $$;

-- the tax of a sum that is not billed yet [5]
create function pg_temp.tax_on(s numeric, rate numeric, included boolean) returns numeric immutable language sql as
$$ select case when included then pg_temp.taxed(s, 10000, rate) else pg_temp.floored(s * rate, 10000) end $$;

-- the unit with which a day begins [2]
create function pg_temp.unit(d date, measure text, zone text) returns numeric stable language sql as
$$ select case when measure = 'seconds' then floor(extract(epoch from d::timestamp at time zone zone)) else d - date '2000-01-01' end $$;

-- the first day of the n-th period [3]
create function pg_temp.nth(start date, months int, n int) returns date immutable language sql as
$$ select case when months = 0 then start + 7 * n else (start + make_interval(months => months * n))::date end $$;

-- the period that a day lies in; the first one for what is before it
create function pg_temp.period_of(d date, start date, months int) returns int immutable language sql as
$$ select min(n) from generate_series(greatest(0, case when months = 0 then (d - start) / 7 else (d - start) / (31 * months) end - 1),
                                       greatest(0, case when months = 0 then (d - start) / 7 else (d - start) / (28 * months) end) + 1) n
   where pg_temp.nth(start, months, n + 1) > d $$;

with
cases as (
  select id, coalesce((doc->>'whole')::boolean, false) as whole, (doc->>'asked')::date asked, coalesce((doc->>'made')::date, (doc->>'asked')::date) made, floor(extract(epoch from (doc->>'asked_at')::timestamptz)) asked_at, doc->>'measure' measure, doc->>'zone' zone from input),
contracts as (
  select i.id, x.* from input i, jsonb_to_recordset(i.doc->'contracts') x(
    ref text, start date, recurs boolean, months int, billed date, ends date, trial date, term date, not_renewed boolean, notice int, minimum date,
    refund text, after boolean, notice_last date, lock_most date, free_renewed boolean, free boolean,
    fee text, fee_from date, fee_until date, fee_currency text, fee_sum numeric, fee_percent numeric, fee_rate numeric, fee_included boolean,
    benefit numeric, unpaid numeric, shown numeric)),
prices as (
  select i.id, x.*, lead(x.from_day) over (partition by i.id, x.contract order by x.from_day) - 1 as until_day
  from input i, jsonb_to_recordset(i.doc->'prices') x(contract text, from_day date, currency text, amount numeric, rate numeric, included boolean)),
caps as (
  select i.id, x.* from input i, jsonb_to_recordset(i.doc->'caps') x(contract text, minor numeric, currency text, percent numeric, formula text)),

-- [9] what billing systems say in the place of what was recorded; what several books hold counts once
books as (
  select i.id, x.* from input i, jsonb_to_recordset(i.doc->'books') x(n int, system text, account text, contract text)),
b_invoices as (
  select distinct on (i.id, b.system, x.ref) i.id, x.ord, b.contract, x.ref, x.from_day, x.until_day, x.currency, x.amount, x.tax, x.open, x.returned
  from input i, jsonb_to_recordset(i.doc->'book_invoices') x(n int, ord int, ref text, from_day date, until_day date, currency text, amount numeric, tax numeric, open numeric, returned numeric), books b
  where b.id = i.id and b.n = x.n order by i.id, b.system, x.ref, x.ord),
b_items as (
  select distinct on (i.id, b.system, x.ref) i.id, b.contract, x.ref, x.from_day, x.currency, x.amount, x.tax, x.used, x.prorated
  from input i, jsonb_to_recordset(i.doc->'book_items') x(n int, ord int, ref text, from_day date, currency text, amount numeric, tax numeric, used boolean, prorated boolean), books b
  where b.id = i.id and b.n = x.n order by i.id, b.system, x.ref, x.ord),
b_balances as (
  select distinct on (i.id, b.system, b.account, x.currency) i.id, b.account, x.currency, x.amount
  from input i, jsonb_to_recordset(i.doc->'book_balances') x(n int, ord int, currency text, amount numeric), books b
  where b.id = i.id and b.n = x.n order by i.id, b.system, b.account, x.currency, x.ord),

-- [3] when contracts end
earliest as (
  select *, case when free then asked else greatest(
      case when notice > 0 then greatest(asked, least(asked + notice, notice_last)) else asked end,
      case when minimum is not null then least(minimum, lock_most) end) end as earliest
  from cases join contracts using (id)),
by_terms as (
  select *, case
      when ends is not null then ends
      when asked <= trial then case choice when 'now' then asked else trial end
      when choice = 'now' then earliest
      when billed >= earliest then billed
      when recurs then greatest(earliest, pg_temp.nth(start, months, pg_temp.period_of(earliest, start, months) + 1) - 1)
      else greatest(earliest, term) end as terms
  from earliest cross join (values ('now'), ('end')) h(choice)),
ended as (
  select *, pg_temp.unit(last + 1, measure, zone) as day_after,
    case when measure = 'seconds' and choice = 'now' and last = asked then asked_at else pg_temp.unit(last + 1, measure, zone) end as over
  from (select *, case when not_renewed and ends is null and term >= asked and term < terms then term else terms end as last from by_terms) x),

-- [5] served and not billed
unbilled as (
  select *, greatest(start, billed + 1, trial + 1) as first from ended
  where recurs and greatest(start, billed + 1, trial + 1) <= last),
periods as (
  select u.*, n, pg_temp.nth(start, months, n) as p_from, pg_temp.nth(start, months, n + 1) - 1 as p_until
  from unbilled u cross join lateral generate_series(pg_temp.period_of(first, start, months), pg_temp.period_of(last, start, months)) n),
stretches as (
  select p.*, r.currency, r.amount, r.rate, r.included, greatest(p_from, first, r.from_day) as a, least(p_until, last, r.until_day) as b
  from periods p join prices r on r.id = p.id and r.contract = p.ref),
recurring as (
  select *, pg_temp.floored(amount * greatest(0, least(over, pg_temp.unit(b + 1, measure, zone)) - pg_temp.unit(a, measure, zone)),
                            pg_temp.unit(p_until + 1, measure, zone) - pg_temp.unit(p_from, measure, zone)) as charged
  from stretches where a <= b),
usage as (
  select i.id, x.ref, x.currency, x.rate, x.included, pg_temp.floored(greatest(0, x.quantity - x.free) * x.price, x.per) as charged
  from input i, jsonb_to_recordset(i.doc->'usage') x(ref text, contract text, recorded boolean, quantity numeric, free numeric, currency text, price numeric, per numeric, rate numeric, included boolean)
  where not (x.recorded and exists (select from books b join cases c using (id) where b.id = i.id and (c.whole or b.contract = x.contract)))),

-- [4] bills, split over their contracts
bills0 as (
  select i.id, b.* from input i, jsonb_to_recordset(i.doc->'bills') b(
    n int, ref text, contract text, recorded boolean, presumed boolean, from_day date, until_day date, currency text, amount numeric, tax numeric, included boolean, open numeric, returned numeric)),
bills1 as ( -- [9] recorded bills give way to books
  select b.* from bills0 b
    left join (select distinct id, ref from b_invoices) x on x.id = b.id and x.ref = b.ref
    left join (select distinct id from books join cases using (id) where whole) k on k.id = b.id
  where not (b.recorded and not b.presumed and (x.id is not null or b.open > 0 and k.id is not null))),
shares0 as (
  select i.id, x.* from input i, jsonb_to_recordset(i.doc->'shares') x(n int, ord int, contract text, weight numeric)),
given as ( -- and periods as paid to open invoices of the books, and to recorded invoices
  select p.id, p.n from bills1 p join books k on k.id = p.id and k.contract = p.contract
    join (select i.id, x.* from input i, jsonb_to_recordset(i.doc->'book_invoices') x(n int, from_day date, until_day date)) x on x.id = k.id and x.n = k.n
  where p.presumed and p.from_day between x.from_day and x.until_day
  union
  select p.id, p.n from bills1 p join bills1 v on v.id = p.id left join shares0 s on s.id = v.id and s.n = v.n and s.contract = p.contract
  where p.presumed and v.recorded and not v.presumed and v.amount >= 0 and p.from_day between v.from_day and v.until_day and (v.contract = p.contract or s.id is not null)),
bills2 as (
  select p.* from bills1 p left join given g on g.id = p.id and g.n = p.n where g.id is null),
bills as (
  select id, n, ref, contract, from_day, until_day, currency, amount, tax, included, open, returned from bills2
  union all
  select id, 1000000 + ord, ref, contract, from_day, until_day, currency, amount, tax, true, open, returned from b_invoices),
shares as (
  select x.*, case when sum(x.weight) over w = 0 then 1 else x.weight end as w from shares0 x window w as (partition by x.id, x.n)),
split1 as (
  select b.id, b.n, b.ref, s.ord, s.contract, b.from_day, b.until_day, b.currency, b.included, b.amount, b.tax, b.open, b.returned,
    sign(b.amount) * div(abs(b.amount) * s.w, sum(s.w) over x) as part, mod(abs(b.amount) * s.w, sum(s.w) over x) as rest,
    sign(b.tax) * div(abs(b.tax) * s.w, sum(s.w) over x) as tax_part, mod(abs(b.tax) * s.w, sum(s.w) over x) as tax_rest
  from bills b join shares s using (id, n) window x as (partition by b.id, b.n)),
split2 as (
  select *,
    part + sign(amount) * (case when row_number() over (partition by id, n order by rest desc, ord) <= abs(amount - sum(part) over x) then 1 else 0 end) as amount_of,
    tax_part + sign(tax) * (case when row_number() over (partition by id, n order by tax_rest desc, ord) <= abs(tax - sum(tax_part) over x) then 1 else 0 end) as tax_of
  from split1 window x as (partition by id, n)),
split3 as (
  select *, abs(amount_of + case when included then 0 else tax_of end) as size0,
    sum(abs(amount_of + case when included then 0 else tax_of end)) over x as size_all
  from split2 window x as (partition by id, n)),
split4 as (
  select *, case when size_all = 0 then 1 else size0 end as size, case when size_all = 0 then count(*) over x else size_all end as sizes
  from split3 window x as (partition by id, n)),
split5 as (
  select *, div(open * size, sizes) as open_part, mod(open * size, sizes) as open_rest,
    div(returned * size, sizes) as returned_part, mod(returned * size, sizes) as returned_rest
  from split4),
one as (
  select id, n, ref, contract, from_day, until_day, currency, included, amount_of as amount, tax_of as tax,
    open_part + case when row_number() over (partition by id, n order by open_rest desc, ord) <= open - sum(open_part) over x then 1 else 0 end as open,
    returned_part + case when row_number() over (partition by id, n order by returned_rest desc, ord) <= returned - sum(returned_part) over x then 1 else 0 end as returned
  from split5 window x as (partition by id, n)
  union all
  select id, n, ref, contract, from_day, until_day, currency, included, amount, tax, open, returned
  from bills b where not exists (select from shares s where s.id = b.id and s.n = b.n)),
wholes as (
  select *, amount + case when included then 0 else tax end as whole, case when included then amount - tax else amount end as net from one),
measured as (
  select w.*, e.choice, e.refund, e.after,
    pg_temp.unit(until_day + 1, measure, zone) - pg_temp.unit(from_day, measure, zone) as every,
    least(greatest(0, pg_temp.unit(until_day + 1, measure, zone) - over), pg_temp.unit(until_day + 1, measure, zone) - pg_temp.unit(from_day, measure, zone)) as remains
  from wholes w join ended e on e.id = w.id and e.ref = w.contract where w.from_day is not null),
unused as (
  select *, case when included then pg_temp.raised(amount * counts, every) else pg_temp.raised(amount * counts, every) + pg_temp.raised(tax * counts, every) end as u0,
    case when included then pg_temp.taxed(pg_temp.raised(amount * counts, every), net, tax) else pg_temp.raised(tax * counts, every) end as u0_tax,
    case when included then pg_temp.raised(amount * remains, every) else pg_temp.raised(amount * remains, every) + pg_temp.raised(tax * remains, every) end as v0,
    case when included then pg_temp.taxed(pg_temp.raised(amount * remains, every), net, tax) else pg_temp.raised(tax * remains, every) end as v0_tax
  from (select *, case refund when 'full' then every when 'prorata' then remains else 0 end as counts from measured) x),
bounded as (
  select *, case when amount >= 0 and u0 > whole - returned then whole - returned else u0 end as u,
    case when amount >= 0 and u0 > whole - returned then pg_temp.taxed(whole - returned, net, tax) else u0_tax end as u_tax,
    case when amount >= 0 and v0 > whole - returned then whole - returned else v0 end as v1,
    case when amount >= 0 and v0 > whole - returned then pg_temp.taxed(whole - returned, net, tax) else v0_tax end as v1_tax
  from unused),
falling as (
  select *, case when open > 0 then greatest(0, least(v, open)) else 0 end as relief
  from (select *, case when after and open > 0 and v1 > u then v1 else u end as v, case when after and open > 0 and v1 > u then v1_tax else u_tax end as v_tax from bounded) x),
relieved as (
  -- the tax of v over (relief, v - relief): of two parts the relief comes first, so an equal remainder is its
  select *, case when relief = 0 then 0 else v_tax - pg_temp.taxed(v_tax, relief, v - relief) end as relief_tax, u - relief as back from falling),

-- [6] what leaving costs
committed as (
  select *, least(fee_until, lock_most) as bound,
    greatest(0, least(fee_until, lock_most) - fee_from + 1) as n_all, least(greatest(0, least(fee_until, lock_most) - last), greatest(0, least(fee_until, lock_most) - fee_from + 1)) as n_left
  from ended where fee is not null and not free and not (free_renewed and term is not null and term < last)),
priced as (
  select c.*, r.rate as price_rate, case when c.recurs and r.currency = c.fee_currency then pg_temp.floored(
      (r.amount + case when r.included then 0 else pg_temp.floored(r.amount * r.rate, 10000) end)
        * greatest(0, c.bound - case when c.refund in ('', 'none') then greatest(c.last, c.billed) else c.last end),
      pg_temp.nth(c.start, c.months, pg_temp.period_of(c.last, c.start, c.months) + 1) - pg_temp.nth(c.start, c.months, pg_temp.period_of(c.last, c.start, c.months))) else 0 end as remaining
  from committed c left join prices r on r.id = c.id and r.contract = c.ref and r.from_day <= c.last and (r.until_day is null or r.until_day >= c.last)
  where c.n_left > 0),
asks as (
  select *, case fee when 'remaining' then coalesce(price_rate, 0) else fee_rate end as tax_rate,
    case fee when 'benefit' then pg_temp.floored(fee_sum * n_left, n_all) when 'remaining' then pg_temp.floored(remaining * fee_percent, 100) else fee_sum end as wants
  from priced),
asked_for as (
  select *, case when fee = 'remaining' or fee_included then wants else wants + pg_temp.tax_on(wants, tax_rate, false) end as wants_whole,
    pg_temp.tax_on(wants, tax_rate, fee = 'remaining' or fee_included) as wants_tax
  from asks),
allowed as (
  select a.*, (select min(case when percent > 0 then pg_temp.floored(base * percent, 100) else base end) from (
      select c.percent, case c.formula
        when '' then case when c.minor = 0 or c.currency = a.fee_currency then c.minor else 0 end
        when 'benefit_prorata' then pg_temp.floored(a.benefit * a.n_left, a.n_all)
        when 'unpaid_device' then a.unpaid
        when 'remaining_fees' then a.remaining
        else a.shown end as base
      from caps c where c.id = a.id and c.contract = a.ref) q) as most
  from asked_for a where wants_whole <> 0),
fees as (
  select *, least(wants_whole, most) as pays, case when most < wants_whole then pg_temp.taxed(most, 10000, tax_rate) else wants_tax end as pays_tax from allowed),

-- [7] other sums
sums as (
  select i.id, x.kind, x.ref, x.currency, x.amount, x.tax from input i, jsonb_to_recordset(i.doc->'sums') x(kind text, ref text, recorded boolean, currency text, amount numeric, tax numeric)
  where not (x.recorded and x.kind = 'credit' and exists (select from books b join cases c using (id) where b.id = i.id and c.whole))
  union all
  select x.id, case when amount < 0 then 'credit' when used then 'used' else 'charge' end, x.ref, currency, abs(amount), abs(tax) from b_items x join cases a using (id)
    join contracts c on c.id = x.id and c.ref = x.contract
  where not (prorated and amount < 0 and c.refund in ('full', 'prorata') and coalesce(from_day >= asked, false))
  union all
  select id, case when amount < 0 then 'charge' else 'credit' end, account, currency, abs(amount), 0 from b_balances),

lines as (
  select id, choice, 'recurring' as kind, ref, currency, -(charged + case when included then 0 else pg_temp.tax_on(charged, rate, false) end) as amount, -pg_temp.tax_on(charged, rate, included) as tax from recurring
  union all
  select id, choice, 'usage', ref, currency, -(charged + case when included then 0 else pg_temp.tax_on(charged, rate, false) end), -pg_temp.tax_on(charged, rate, included)
    from usage cross join (values ('now'), ('end')) h(choice)
  union all
  select id, choice, 'invoice', ref, currency, -open, -pg_temp.taxed(open, net, tax) from wholes cross join (values ('now'), ('end')) h(choice)
  union all
  select id, choice, 'relief', ref, currency, relief, relief_tax from relieved
  union all
  select id, choice, 'refund', ref, currency, back, case when v > u then pg_temp.taxed(back, net, tax) else u_tax - relief_tax end from relieved where amount < 0 or back > 0
  union all
  select id, choice, 'fee', ref, fee_currency, -pays, -pays_tax from fees
  union all
  select id, choice, case kind when 'repaid' then 'refund' when 'used' then 'usage' else kind end, ref, currency, case when kind in ('charge', 'repaid', 'used') then -amount else amount end, case when kind in ('charge', 'repaid', 'used') then -tax else tax end
    from sums cross join (values ('now'), ('end')) h(choice)),

-- [8] when a balance that the customer owes is due
owing as (
  select distinct id, choice from (select id, choice from lines group by id, choice, currency having sum(amount) < 0) x),
due as (
  select o.id, o.choice, c.made, case when o.choice = 'end' and e.last - 1 >= c.asked then e.last - 1 else c.asked + 14 end as day
  from owing o join cases c using (id) left join (select id, choice, max(last) as last from ended group by id, choice) e using (id, choice))

select id, choice, kind, ref, currency, amount::bigint, tax::bigint, null::date as last from lines where amount <> 0
union all
select id, choice, 'last', ref, '', 0, 0, last from ended
union all
select id, choice, 'due', '', '', 0, 0, case when day < made then made + 14 else day end from due

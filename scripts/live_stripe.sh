#!/usr/bin/env bash
# What the connector of kind stripe does, at Stripe itself in test mode, on a test
# clock that is taken away afterwards: cancel now, at the end, at a date, take it
# back, refund, pause, coupon, ledger, and the reason that comes in a late second
# event. For whoever has a key of the test mode.
set -euo pipefail
cd "$(dirname "$0")/.."
case "${STRIPE_TEST_KEY:-}" in
sk_test_* | rk_test_*) ;;
sk_live_* | rk_live_*)
  echo "hasta: STRIPE_TEST_KEY holds a key of the live mode. This makes customers and moves money: only keys of the test mode are taken (sk_test_… or rk_test_…)." >&2
  exit 2
  ;;
"")
  echo "hasta: STRIPE_TEST_KEY is not set. Put a secret key of Stripe's test mode into it (dashboard, Developers, API keys: sk_test_…):" >&2
  echo "  STRIPE_TEST_KEY=sk_test_… make live-stripe" >&2
  exit 2
  ;;
*)
  echo "hasta: STRIPE_TEST_KEY is no secret key of Stripe's test mode (sk_test_… or rk_test_…)." >&2
  exit 2
  ;;
esac
exec go test -tags live -count 1 -timeout 20m -v -run '^TestLive$' ./internal/connector/stripesystem

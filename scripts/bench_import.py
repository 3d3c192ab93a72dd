#!/usr/bin/env python3
"""Measures an import beside a running server.

    bench_import.py HASTA [ROWS [DATABASE]]

Makes a file of ROWS invented customers (1 000 000 by default) for
examples/telco.map.yaml, starts `hasta serve` on the database (a SQLite file by
default), sends departures to its public page before and during `hasta import
customers`, and prints how long the import took, how much memory it held at
most and how long people waited.
"""
import concurrent.futures
import csv
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HEADER = (
    "customerID,gender,SeniorCitizen,Partner,Dependents,tenure,PhoneService,MultipleLines,InternetService,"
    "OnlineSecurity,OnlineBackup,DeviceProtection,TechSupport,StreamingTV,StreamingMovies,Contract,"
    "PaperlessBilling,PaymentMethod,MonthlyCharges,TotalCharges,Churn"
).split(",")


def write(path, rows):
    pick = random.Random(7)
    with open(path, "w", newline="", encoding="utf-8") as f:
        out = csv.writer(f)
        out.writerow(HEADER)
        for n in range(rows):
            price = pick.randint(1800, 12000) / 100
            out.writerow([
                f"{n:07d}-BENCH", "Female", 0, "No", "No", pick.randint(1, 72), "Yes", "No", pick.choice(["DSL", "No"]),
                "No", "No", "No", "No", "No", "No", pick.choice(["Month-to-month", "One year"]), "Yes", "Mailed check",
                f"{price:.2f}", f"{price:.2f}", "No",
            ])


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None


def leave(base, n):
    """Sends one departure; returns seconds until it was answered."""
    form = urllib.parse.urlencode({
        "name": "Ana Prueba", "account": f"ana{n}@bench.example", "receipt": f"ana{n}@bench.example",
        "when": "period_end", "nonce": f"bench-{n}-{time.time_ns()}",
    }).encode()
    start = time.perf_counter()
    try:
        status = urllib.request.build_opener(Stay).open(base + "/", form, timeout=60).status
    except urllib.error.HTTPError as e:
        status = e.code
    took = time.perf_counter() - start
    if status != 303:
        raise SystemExit(f"a departure was answered with {status}")
    return took


def ask(base, stop, took):
    """Sends twenty departures a second, each on its beat whatever became of the last."""
    with concurrent.futures.ThreadPoolExecutor(64) as pool:
        sent, n = [], 0
        while not stop.is_set():
            sent.append(pool.submit(leave, base, n))
            n += 1
            stop.wait(0.05)
        took.extend(f.result() for f in sent)


def told(name, took):
    took = sorted(took)
    at = lambda q: took[min(len(took) - 1, int(q * len(took)))] * 1000
    print(f"{name}: {len(took)} departures, p50 {at(0.5):.0f} ms, p99 {at(0.99):.0f} ms, slowest {took[-1] * 1000:.0f} ms")


def main():
    hasta, rows = os.path.abspath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    database = ["--database", sys.argv[3]] if len(sys.argv) > 3 else []
    with tempfile.TemporaryDirectory(prefix="hasta-bench-") as folder:
        source, data = os.path.join(folder, "bench.csv"), os.path.join(folder, "data")
        write(source, rows)
        print(f"{rows} rows, {os.path.getsize(source) / 1e6:.0f} MB")
        server = subprocess.Popen(
            [hasta, "serve", "--dir", data, "--listen", "127.0.0.1:0", *database], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )
        try:
            base = server.stdout.readline().split()[-1]
            for beside in (False, True):
                stop, took = threading.Event(), []
                asking = threading.Thread(target=ask, args=(base, stop, took))
                asking.start()
                if beside:
                    start = time.perf_counter()
                    job = subprocess.Popen([
                        hasta, "import", "customers", source, "--map", os.path.join(ROOT, "examples", "telco.map.yaml"), "--dir", data, *database,
                    ])
                    _, status, usage = os.wait4(job.pid, 0)  # of this child alone, not of the server
                    seconds = time.perf_counter() - start
                else:
                    time.sleep(5)
                stop.set()
                asking.join()
                told("beside the import" if beside else "alone", took)
            if status != 0:
                raise SystemExit("the import failed")
            print(f"import: {seconds:.1f} s, {rows / seconds:.0f} rows/s, at most {usage.ru_maxrss / 1024:.0f} MB")
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()

import os, time
def cpu(pid):
    r = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()
    return sum(map(int, r[11:15])) / os.sysconf("SC_CLK_TCK")
def test_cost(sites):
    a = {(s.code[:6], p.service): cpu(p.pid) for s in sites.sites for p in s.processes.values()}
    print("start", {k: round(v, 2) for k, v in a.items()}, sum(a.values()))
    t = time.monotonic(); time.sleep(10); w = time.monotonic() - t
    b = {(s.code[:6], p.service): cpu(p.pid) for s in sites.sites for p in s.processes.values()}
    print("idle per s", {k: round((b[k] - a[k]) / w, 3) for k in b}, (sum(b.values()) - sum(a.values())) / w)
    n = sites.enter(3); sites.send(n); sites.wait_answered(n); sites.wait_at_rest()
    c = {(s.code[:6], p.service): cpu(p.pid) for s in sites.sites for p in s.processes.values()}
    print("3 orders", {k: round(c[k] - b[k], 2) for k in c}, sum(c.values()) - sum(b.values()))

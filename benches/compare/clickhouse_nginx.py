"""Counts an nginx log (combined and upstream variables) by minute and upstream with ClickHouse.

    clickhouse_nginx.py LOG OUT [--all]    # only where something failed, unless all is asked for

Written to be fast: of each line no more is taken than where things are, no regular expression sees it, and lists of
upstreams are taken apart when lines are counted already. The counts are those of `tests/awk/nginx.awk`.
"""

import sys

import chdb

QUERY = r"""
SELECT formatDateTime(parseDateTime(minute, '%d/%b/%Y:%H:%i'), '%Y-%m-%dT%H:%i'), upstream, requests, failures
FROM (
    SELECT minute, upstream, sum(n) AS requests, sumIf(n, failed) AS failures
    FROM (
        SELECT minute, failed, n,
            splitByRegexp(', | : ', asked) AS addresses,
            splitByRegexp(', | : ', answered) AS statuses,
            arrayLast(
                (address, status) -> match(address, ':[0-9]+$') AND (NOT failed OR toUInt16OrZero(status) >= 500),
                addresses, statuses
            ) AS server,
            if(server = '', '-' || trimLeft(addresses[-1], '-'), server) AS upstream
        FROM (
            WITH
                substring(line, position(line, ' ua="') + 5) AS tail,
                position(tail, '"') AS quote
            SELECT
                substring(line, position(line, '[') + 1, 17) AS minute,
                substring(line, position(line, '" ') + 2, 3) IN ('502', '503', '504') AS failed,
                substring(tail, 1, quote - 1) AS asked,
                substring(tail, quote + 6, -1) AS answered,
                count() AS n
            FROM file('{log}', 'LineAsString', 'line String')
            GROUP BY ALL
        )
    )
    GROUP BY minute, upstream
    HAVING {having}
)
SETTINGS max_threads = 2, min_chunk_bytes_for_parallel_parsing = 1048576
"""

if __name__ == "__main__":
    log, out, *everything = sys.argv[1:]
    query = QUERY.replace("{log}", log.replace("\\", "\\\\").replace("'", "\\'"))
    result = chdb.query(query.replace("{having}", "1" if everything else "failures > 0"), "TabSeparated")
    with open(out, "wb") as table:
        table.write(result.bytes() or b"")

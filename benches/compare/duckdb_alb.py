"""Counts an Application Load Balancer's log by minute and target with DuckDB.

    duckdb_alb.py LOG OUT [--all]    # only where something failed, unless all is asked for

Written to be fast: the columns are given rather than guessed, all as text, and those that the query does not name are
not kept. The counts are those of `tests/awk/alb.awk`.
"""

import sys

import duckdb

#: As AWS orders them; what is named by number alone is not used.
COLUMNS = {1: "time", 4: "target", 8: "elb_status", 16: "target_group_arn"}

QUERY = r"""
COPY (
    SELECT
        time[:16] AS minute,
        CASE
            WHEN target = '-' THEN '-' || regexp_extract(target_group_arn, ':targetgroup/([^/]+)', 1)
            ELSE target
        END AS upstream,
        count(*) AS requests,
        count(*) FILTER (WHERE elb_status IN ('502', '503', '504')) AS failures
    FROM read_csv(
        '{log}', delim=' ', quote='"', escape='"', header=false, auto_detect=false, columns={columns}
    )
    GROUP BY ALL
    HAVING {having}
) TO '{out}' (FORMAT csv, DELIMITER '\t', HEADER false)
"""

if __name__ == "__main__":
    log, out, *everything = sys.argv[1:]
    columns = {COLUMNS.get(number, f"column{number}"): "VARCHAR" for number in range(34)}
    parts = {"log": log.replace("'", "''"), "out": out.replace("'", "''"), "columns": str(columns)}
    database = duckdb.connect()
    database.execute("SET threads = 2")
    database.execute(QUERY.format(having="true" if everything else "failures > 0", **parts))

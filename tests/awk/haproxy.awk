# Counts an HAProxy log (httplog, in syslog's RFC 3164) by the minute of the accept date, and backend/server.
# Where no server was asked, the backend (or the frontend that answered) counts as "-name".

BEGIN {
    OFS = "\t"
    split("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec", names, " ")
    for (i in names) month[names[i]] = sprintf("%02d", i)
}

# Nov 20 10:21:24 lb1 haproxy[4000]: CLIENT [20/Nov/2026:10:20:24.849] FRONTEND BACKEND/SERVER TIMERS STATUS …
{
    stamp = $7; where = $9; status = $11
    minute = substr(stamp, 9, 4) "-" month[substr(stamp, 5, 3)] "-" substr(stamp, 2, 2) "T" substr(stamp, 14, 5)
    if (where ~ /\/<NOSRV>$/) where = "-" substr(where, 1, length(where) - length("/<NOSRV>"))

    requests[minute OFS where]++
    count[minute OFS where OFS status]++
}

END {
    for (key in requests)
        print key, requests[key], count[key OFS 502] + 0, count[key OFS 503] + 0, count[key OFS 504] + 0
}

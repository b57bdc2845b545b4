# Counts an nginx log by minute and upstream: combined, then rt= uct= uht= urt= ua= us=.
# A request that failed counts at the last server that failed it, any other at the last server that was asked. Where no
# server was asked, nginx writes the group's name, or nothing: those count as "-name" and "-".

BEGIN {
    FS = "\""; OFS = "\t"
    split("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec", names, " ")
    for (i in names) month[names[i]] = sprintf("%02d", i)
}

{
    split($3, after, " ")
    status = after[1]

    stamp = substr($1, index($1, "[") + 1)  # 20/Nov/2026:23:50:09 +0000]
    minute = substr(stamp, 8, 4) "-" month[substr(stamp, 4, 3)] "-" substr(stamp, 1, 2) "T" substr(stamp, 13, 5)

    addresses = statuses = ""
    for (i = 7; i < NF; i += 2) {
        if ($i == " ua=") addresses = $(i + 1)
        if ($i == " us=") statuses = $(i + 1)
    }
    n = split(addresses, address, /, | : /)
    split(statuses, own, /, | : /)

    failed = status ~ /^50[234]$/
    where = ""
    for (i = n; i > 0 && where == ""; i--)
        if (address[i] ~ /:[0-9]+$/ && (!failed || own[i] >= 500)) where = address[i]
    if (where == "") where = address[n] == "-" ? "-" : "-" address[n]

    requests[minute OFS where]++
    count[minute OFS where OFS status]++
}

END {
    for (key in requests)
        print key, requests[key], count[key OFS 502] + 0, count[key OFS 503] + 0, count[key OFS 504] + 0
}

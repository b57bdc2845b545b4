# Counts a Classic Load Balancer's log by minute and backend.
# Where the log names no backend, the balancer counts as "-name".

BEGIN { OFS = "\t" }

# time elb client backend request backend response STATUS …
{
    minute = substr($1, 1, 16); where = $4; status = $8
    if (where == "-") where = "-" $2

    requests[minute OFS where]++
    count[minute OFS where OFS status]++
}

END {
    for (key in requests)
        print key, requests[key], count[key OFS 502] + 0, count[key OFS 503] + 0, count[key OFS 504] + 0
}

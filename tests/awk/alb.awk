# Counts an Application Load Balancer's log by minute and target.
# Where no target was picked, the target group counts as "-name", or "-" where none is named.

BEGIN { OFS = "\t" }

# type time elb client target request target response STATUS …
{
    minute = substr($2, 1, 16); where = $5; status = $9
    if (where == "-" && match($0, /:targetgroup\/[^\/]+/))
        where = "-" substr($0, RSTART + length(":targetgroup/"), RLENGTH - length(":targetgroup/"))

    requests[minute OFS where]++
    count[minute OFS where OFS status]++
}

END {
    for (key in requests)
        print key, requests[key], count[key OFS 502] + 0, count[key OFS 503] + 0, count[key OFS 504] + 0
}

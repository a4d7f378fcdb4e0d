#!/usr/bin/env bash
# Runs a program on two ranks as if each had a machine of its own and a cable of a given rate was
# between them; for `python -m benchmarks ranks --launcher`:
#
#     benchmarks/shaped_link.sh 1gbit mpiexec -n 2 python script.py
#
# The machines are network namespaces of Linux, the rate is kept by `tc`; both need root. MPICH is
# told to send by TCP, since it would find the memory that both machines have in common.
set -euo pipefail

# MPI's launcher calls this script again where it would call ssh: [options] host command.
if [[ -n ${KERAS_CORE_SHAPED_LINK:-} ]]; then
    while [[ $1 == -* ]]; do shift; done
    namespace=keras-core-${1##*.}
    shift
    exec ip netns exec "$namespace" bash -c "$*"
fi

if [[ $# -lt 3 ]]; then
    echo "usage: $0 RATE MPIEXEC -n 2 COMMAND ..." >&2
    exit 2
fi
rate=$1 mpiexec=$2
shift 2

take_down() {
    for i in 1 2; do ip netns delete "keras-core-$i" 2>/dev/null || true; done
}
trap take_down EXIT
take_down
for i in 1 2; do ip netns add "keras-core-$i"; done
ip link add cable netns keras-core-1 type veth peer name cable netns keras-core-2
for i in 1 2; do
    ip -n "keras-core-$i" link set lo up
    ip -n "keras-core-$i" address add "10.77.0.$i/24" dev cable
    ip -n "keras-core-$i" link set cable up
    ip netns exec "keras-core-$i" tc qdisc add dev cable root tbf \
        rate "$rate" burst 64kb latency 100ms
done
for i in 1 2; do
    until ip -n "keras-core-$i" link show cable | grep --quiet 'state UP'; do sleep 0.05; done
done

export KERAS_CORE_SHAPED_LINK=1
ip netns exec keras-core-1 "$mpiexec" -genv UCX_TLS tcp,self -genv UCX_NET_DEVICES cable \
    -localhost 10.77.0.1 -iface cable -launcher ssh -launcher-exec "$(realpath "$0")" \
    -hosts 10.77.0.1,10.77.0.2 -ppn 1 "$@"

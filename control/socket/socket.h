// SPDX-License-Identifier: BSD-3-Clause
//
// The control socket: a Unix stream socket, one JSON object a line in, one JSON object a line out.
// {"command": "status"} is answered {"ok": true, ...} or {"ok": false, "error": "..."} (doc/control-socket.md).
// Who may do what says control/socket/socket_role.h.
// Served by the control thread's own loop; a client that stalls, floods or sends garbage is cut off.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/start/daemon.h"
#include "dataplane/seam/bell.h"

struct control_socket;

// Binds and listens. NULL with a line in `error`. A stale socket file of a dead process is replaced, a
// live one is an error ("already running"). `daemon` must outlive it.
struct control_socket *control_socket_new(struct daemon *daemon, const char *path, char error[256]);
void control_socket_free(struct control_socket *socket);
// To be waited on (an epoll descriptor); then control_socket_turn(). It is also to be called when an answer that was not
// ready (request_answer.later) may be.
int control_socket_fd(const struct control_socket *socket);
void control_socket_turn(struct control_socket *socket);
// The same with the clock given (milliseconds, as CLOCK_MONOTONIC): for tests.
void control_socket_turn_at(struct control_socket *socket, uint64_t now_ms);
// Rings for answers that were not ready (request_answer.later) and may be now. Any thread.
struct bs_bell *control_socket_bell(struct control_socket *socket);
// True once a client asked us to stop.
bool control_socket_stop_asked(const struct control_socket *socket);

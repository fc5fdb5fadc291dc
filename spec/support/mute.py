"""Servers of FTP, POP3 and IMAP that answer everything but a goodbye.

Prints the three ports, then serves until its standard input ends. In FTP, user "nobody" is refused.
"""
import socket
import sys
import threading


def listen():
    server = socket.create_server(("127.0.0.1", 0), backlog=64)
    return server, server.getsockname()[1]


def lines(connection):
    for line in connection.makefile("rb"):
        yield line.decode().rstrip("\r\n")
    threading.Event().wait()  # says nothing, not even that it ends


def ftp(connection):
    def say(text):
        connection.sendall((text + "\r\n").encode())

    say("220 here")
    passive, user = None, ""
    for line in lines(connection):
        word, _, rest = line.partition(" ")
        if word == "QUIT":
            continue
        if word == "USER":
            user = rest
            say("331 and?")
        elif word == "PASS":
            say("530 no" if user == "nobody" else "230 in")
        elif word == "PWD":
            say('257 "/"')
        elif word == "EPSV":
            passive, port = listen()
            say(f"229 at (|||{port}|)")
        elif word in ("RETR", "STOR"):
            say("150 comes")
            data = passive.accept()[0]
            if word == "RETR":
                data.sendall(b"something\n")
            else:
                while data.recv(65536):
                    pass
            data.close()
            passive.close()
            say("226 done")
        elif word == "SIZE":
            say("213 10")
        else:
            say("200 well")


def pop3(connection):
    connection.sendall(b"+OK here\r\n")
    for line in lines(connection):
        if line == "CAPA":
            connection.sendall(b"+OK\r\nUSER\r\n.\r\n")
        elif line == "LIST":
            connection.sendall(b"+OK\r\n1 10\r\n.\r\n")
        elif line != "QUIT":
            connection.sendall(b"+OK\r\n")


def imap(connection):
    connection.sendall(b"* OK here\r\n")
    for line in lines(connection):
        tag, _, rest = line.partition(" ")
        if rest == "CAPABILITY":
            connection.sendall(b"* CAPABILITY IMAP4\r\n")
        if rest.startswith("LIST"):
            connection.sendall(b'* LIST () "/" INBOX\r\n')
        if rest != "LOGOUT":
            connection.sendall(f"{tag} OK\r\n".encode())


def serve(server, talk):
    while True:
        connection = server.accept()[0]
        threading.Thread(target=talk, args=(connection,), daemon=True).start()


ports = []
for talk in (ftp, pop3, imap):
    server, port = listen()
    ports.append(str(port))
    threading.Thread(target=serve, args=(server, talk), daemon=True).start()
print(" ".join(ports), flush=True)
sys.stdin.read()

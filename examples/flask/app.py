"""A guest book that keeps its entries in PostgreSQL, and says so when there is no database."""

import os

import psycopg2
from flask import Flask, jsonify

app = Flask(__name__)


def connect():
    """Open a connection to the database that DATABASE_URL names."""
    return psycopg2.connect(os.environ["DATABASE_URL"], connect_timeout=2)


@app.get("/health")
def health():
    """The process is up and its database driver was loaded with the C library it was compiled for."""
    return jsonify(status="ok", driver=psycopg2.__version__.split()[0], libpq=psycopg2.__libpq_version__ > 0)


@app.get("/entries")
def entries():
    """All entries, oldest first."""
    try:
        with connect() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT author, text FROM entry ORDER BY id")
            return jsonify([{"author": author, "text": text} for author, text in cursor.fetchall()])
    except (KeyError, psycopg2.OperationalError):
        return jsonify(error="no database"), 503

from flask import Flask
from sentence_transformers import SentenceTransformer

m = SentenceTransformer("all-MiniLM-L6-v2", local_files_only=True)
app = Flask(__name__)


@app.get("/")
def i():
    return str(m.encode("x")[0])


app.run("0.0.0.0", 5000)

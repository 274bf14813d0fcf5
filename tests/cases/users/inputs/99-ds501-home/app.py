from transformers import AutoModel

print(AutoModel.from_pretrained("bert-base-uncased", local_files_only=True))

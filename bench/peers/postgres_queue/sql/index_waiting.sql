CREATE INDEX contact_waiting ON contact (centre_id, priority DESC, arrived_at) WHERE waiting
